// Destinations, inspectors and single deliveries: what may be seen of them and done to them.
import type { Acts, Looks } from "./operator.ts";
import { type CancelDeps, openCancelling } from "./cancel.ts";
import { type SendToDeps, openSendTo } from "./deliver-to.ts";
import { type DestinationsDeps, openDestinations } from "./destinations.ts";
import { type InspectDeps, openInspecting } from "./inspect.ts";
import { openPausing, type PauseDeps } from "./pause.ts";
import { openTest, type TestDeps } from "./test.ts";

export type OperationsDeps = CancelDeps &
  SendToDeps &
  DestinationsDeps &
  TestDeps &
  Omit<PauseDeps, "destination"> &
  Omit<InspectDeps, "destination">;

export type Operations = Pick<Looks, "destinations" | "destination" | "routes" | "inspections"> & Omit<Acts, "replay">;

export function openOperations(deps: OperationsDeps): Operations {
  const looks = openDestinations(deps);
  return {
    ...looks,
    ...openPausing({ ...deps, destination: looks.destination }),
    ...openInspecting({ ...deps, destination: looks.destination }),
    cancel: openCancelling(deps),
    sendTo: openSendTo(deps),
    test: openTest(deps),
  };
}
