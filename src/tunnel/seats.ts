// Who listens, and who of them answers: the sockets of one tunnel, which outlive the object's sleep.
import type { SocketState } from "../feed/sockets.ts";
import { CLOSED, PING_MS, type FromObject } from "./frames.ts";
import type { Pushed } from "./handing.ts";
import { conditionOf, namesOfBytes, wants, type Wishes } from "./wishes.ts";

/** Sockets at once. */
const MOST = 20;
/** A listener that was not heard for so long is asleep, in ms. */
const SILENT_MS = 4 * PING_MS;
/** What a seat may hold of a filter, as JSON: an attachment has 2 KB. */
const MOST_FILTER = 1_000;

/** Survives hibernation with its socket. Times in ms since 1970. */
interface Seat extends Wishes {
  readonly destination: string;
  readonly since: number;
  readonly until: number;
  /** Counts up with each hello; `null` before it. */
  readonly place: number | null;
  readonly watches: boolean;
}

/** What a hello says. */
type Hello = Wishes & Pick<Seat, "watches">;

export class Seats {
  readonly #state: SocketState;
  readonly #now: () => number;

  constructor(state: SocketState, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** Opens a socket that may stay until then; 503 where there are too many. */
  join(destination: string, until: number): Response {
    if (this.#open().length >= MOST) return new Response("too many listen already", { status: 503 });
    const { 0: client, 1: server } = new WebSocketPair();
    const since = this.#now();
    const seat: Seat = { destination, since, until, place: null, watches: false, sources: [], events: [] };
    this.#state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#state.acceptWebSocket(server);
    server.serializeAttachment(seat);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Whose seat it is. */
  destinationOf(socket: WebSocket): string {
    return seatOf(socket).destination;
  }

  /** Takes a seat's wishes, or says what is wrong with them. */
  sit(socket: WebSocket, { watches, sources, events, when }: Hello): string | null {
    if (JSON.stringify([sources, events, when]).length > MOST_FILTER) return "the filter is too long";
    if (when !== undefined && !conditionOf(when).ok) return "the condition is none";
    const places = this.#open().map((one) => seatOf(one).place ?? 0);
    socket.serializeAttachment({
      ...seatOf(socket),
      watches,
      sources,
      events,
      when,
      place: Math.max(0, ...places) + 1,
    } satisfies Seat);
    return null;
  }

  /** The oldest listener that wants it. */
  chosen(pushed: Pushed): WebSocket | null {
    const isWanted = wantedBy(pushed);
    return this.#answering().find(isWanted) ?? null;
  }

  /** Whether anybody is there who answers. */
  get isListening(): boolean {
    return this.#answering().length > 0;
  }

  /** When the first of them has to go. */
  get firstEnd(): number {
    return Math.min(...this.#open().map((socket) => seatOf(socket).until));
  }

  /** Tells everybody who has said hello and wants such an event, but the one who has got it. */
  tell(frame: FromObject, but: WebSocket, pushed: Pushed): void {
    const isWanted = wantedBy(pushed);
    for (const socket of this.#open())
      if (socket !== but && seatOf(socket).place !== null && isWanted(socket)) say(socket, frame);
  }

  /** Tells everybody whether they answer. */
  tellRoles(): void {
    const answering = this.#answering();
    for (const socket of this.#open()) {
      const { destination, place } = seatOf(socket);
      if (place === null) continue;
      const answers = answering[0] === socket;
      say(socket, { type: "role", destination, answers, listeners: answering.length });
    }
  }

  /** Sends those away who are asleep, and those whose time is over and who have nothing in hand. */
  dismiss(isBusy: (socket: WebSocket) => boolean): void {
    const now = this.#now();
    for (const socket of this.#open()) {
      if (seatOf(socket).until <= now && !isBusy(socket)) socket.close(CLOSED.over, "its time is over: connect again");
      else if (this.#heardAt(socket) + SILENT_MS <= now) socket.close(CLOSED.silent, "silent for too long");
    }
  }

  #answering(): WebSocket[] {
    const now = this.#now();
    return this.#open()
      .filter((socket) => {
        const { place, watches, until } = seatOf(socket);
        return place !== null && !watches && until > now && this.#heardAt(socket) + SILENT_MS > now;
      })
      .toSorted((a, b) => (seatOf(a).place ?? 0) - (seatOf(b).place ?? 0));
  }

  #heardAt(socket: WebSocket): number {
    return Math.max(seatOf(socket).since, this.#state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
  }

  #open(): WebSocket[] {
    return this.#state.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }
}

/** Whether somebody wants a delivery, whose body is read once. */
function wantedBy(pushed: Pushed): (socket: WebSocket) => boolean {
  const { event: id, type, receivedAt, source, headers, body } = pushed;
  const names = namesOfBytes({ id, type, receivedAt, source, headers }, body);
  return (socket) => wants(seatOf(socket), pushed, names);
}

function say(socket: WebSocket, frame: FromObject): void {
  try {
    socket.send(JSON.stringify(frame));
  } catch {
    // It has broken off this moment.
  }
}

function seatOf(socket: WebSocket): Seat {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `join` wrote it
  return socket.deserializeAttachment() as Seat;
}
