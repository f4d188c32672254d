// Where the five systems listen, each under its own path, and what they were asked and did. On loopback only.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { LOST, openServices, type Secrets, SERVICES, type ServiceName, type Visit, type Work } from "./services.ts";

/** Starts all five on one free port. @param clock ms since the run began */
export async function startServices(secrets: Secrets, clock: () => number) {
  const services = openServices(secrets);
  const visits: Visit[] = [];
  const works: Work[] = [];

  async function ask(service: ServiceName, request: IncomingMessage): Promise<number> {
    const { method = "", headers } = request;
    const [began, event] = [clock(), String(headers["webhook-id"])];
    const body = (await buffer(request)).toString();
    const refused = [400, null] as const;
    const [status, key] = await Promise.resolve()
      .then(() => services[service]({ method, headers, body, at: began }))
      .catch(() => refused);
    if (key !== null) works.push({ service, event, key });
    visits.push({ service, event, began, ended: clock(), status });
    return status;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const service = SERVICES.find((name) => request.url === `/${name}`);
    const status = service === undefined ? 404 : await ask(service, request);
    if (status === LOST) response.destroy();
    else response.writeHead(status).end();
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the services have no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    visits,
    works,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
