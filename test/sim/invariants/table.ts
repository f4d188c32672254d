// Every promise that the simulation holds the relay to. A feature that comes later brings its own line.
import { dedupe, heard, noFalseAck, noLoss, strangers } from "./acceptance.ts";
import { nothingForgotten, oneProbe, opensLate } from "./breaker.ts";
import { importedOnce } from "./brought.ts";
import { bulkReplay } from "./bulk.ts";
import { everyFailureIsTold, mutedIsMuted, toldOnce } from "./alerted.ts";
import { boundedDuplicates, deliveredMeansDelivered, oneEnd, schedule, stableIdentity } from "./delivery.ts";
import { editsOnce } from "./edits.ts";
import { outcomesAreKept, outcomesStayApart, pausesStopFirsts } from "./firsts.ts";
import type { Invariant } from "./invariant.ts";
import { neverTooMany, waitsForPlace } from "./limited.ts";
import { cancelsOnce, inspected, nothingHeldIsLost, pausedMeansPaused } from "./operations.ts";
import { keptBeforeAnswered, objectsGo } from "./bodied.ts";
import { bodiesGo } from "./bodiless.ts";
import { bells, idempotentAdmin, isolation, limits, noSecretEscapes, retention, visibleDeath } from "./operation.ts";
import { pushedOnce } from "./measured.ts";
import { fetchedOnce } from "./banked.ts";
import { gapsAreFilled } from "./gapped.ts";
import { inOrder, orderOfAcceptance } from "./order.ts";
import { oneContent } from "./own.ts";
import { archived, lookedUp } from "./ways.ts";
import { whereItGoes } from "./routing.ts";
import { remakes } from "./remade.ts";
import { ages, deadLetters, shapes, stops } from "./traits.ts";
import { erasedEverywhere } from "./erased.ts";
import { answersOfTheirOwn } from "./replying.ts";
import { redacted } from "./redacted.ts";
import { sealed } from "./sealed.ts";
import { changesOver } from "./rotated.ts";
import { heldForFree, inTheirOrder, keptForListeners, onceEach } from "./tunnelled.ts";
import { deletedThere, foundThere, movedWhole } from "./vault.ts";
import { things } from "./things.ts";
import { repeatsLeaveNothing, repeatsOpen, repeatsSpendNothing } from "./repeats.ts";

/** I-11 (progress) is the world's own end, see `drain` in world.ts. */
export const INVARIANTS: readonly Invariant[] = [
  noLoss,
  noFalseAck,
  oneEnd,
  deliveredMeansDelivered,
  boundedDuplicates,
  stableIdentity,
  dedupe,
  heard,
  schedule,
  visibleDeath,
  isolation,
  strangers,
  noSecretEscapes,
  idempotentAdmin,
  bulkReplay,
  pausedMeansPaused,
  pausesStopFirsts,
  outcomesAreKept,
  outcomesStayApart,
  nothingHeldIsLost,
  opensLate,
  oneProbe,
  nothingForgotten,
  neverTooMany,
  waitsForPlace,
  cancelsOnce,
  editsOnce,
  inspected,
  retention,
  bodiesGo,
  keptBeforeAnswered,
  objectsGo,
  bells,
  limits,
  repeatsOpen,
  repeatsSpendNothing,
  repeatsLeaveNothing,
  oneContent,
  archived,
  lookedUp,
  whereItGoes,
  shapes,
  ages,
  deadLetters,
  stops,
  remakes,
  toldOnce,
  mutedIsMuted,
  everyFailureIsTold,
  things,
  inOrder,
  orderOfAcceptance,
  changesOver,
  answersOfTheirOwn,
  pushedOnce,
  gapsAreFilled,
  fetchedOnce,
  sealed,
  redacted,
  erasedEverywhere,
  heldForFree,
  inTheirOrder,
  onceEach,
  keptForListeners,
  movedWhole,
  deletedThere,
  foundThere,
  importedOnce,
];
