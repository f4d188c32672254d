// The Feed object's sockets: whoever watches the relay live hears of what happens,
// a few times a second and never more than a page takes.
import type { News } from "../contract/overview.ts";
import { sleep } from "../patience.ts";
import { MOST_NEWS } from "./door.ts";

/** Sockets at once. */
const MOST = 100;
/** Longest life of a socket, in ms; the page opens another, and proves again who it is. */
const LONGEST_MS = 60 * 60_000;
/** Pause between two messages, in ms. */
const PAUSE_MS = 300;
/** Between two alarms at the least, in ms. */
const ALARM_MS = 60_000;
/**
 * A page says "ping" twice a minute. One that is silent for this long is asleep,
 * and what it is sent would pile up here, in ms.
 */
const SILENT_MS = 2 * 60_000;

/** What the platform's state of an object offers for sockets. */
export type SocketState = Pick<
  DurableObjectState,
  "storage" | "acceptWebSocket" | "getWebSockets" | "setWebSocketAutoResponse" | "getWebSocketAutoResponseTimestamp"
>;

/** Survives hibernation with its socket. Times in ms since 1970. */
interface Seat {
  readonly since: number;
  readonly until: number;
}

export class Audience {
  readonly #state: SocketState;
  readonly #now: () => number;
  #news: News[] = [];
  #skipped = 0;
  #toldAt = -Infinity;
  #waiting = false;

  constructor(state: SocketState, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /**
   * Opens a socket.
   *
   * @param until when it must end at the latest, in ms since 1970
   * @returns 101 with the socket, or 503 where there are too many
   */
  async join(until: number): Promise<Response> {
    const now = this.#now();
    this.#dismiss(now);
    if (this.#open().length >= MOST) return new Response("too many watch already", { status: 503 });
    const { 0: client, 1: server } = new WebSocketPair();
    const seat: Seat = { since: now, until: Math.min(until, now + LONGEST_MS) };
    // Answered by the platform: a page that only listens does not wake the object.
    this.#state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#state.acceptWebSocket(server);
    server.serializeAttachment(seat);
    await this.#arm();
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Tells everybody who is there; at once, or along with what comes in the next moment. */
  tell(news: readonly News[], skipped: number): void {
    if (news.length + skipped === 0 || this.#open().length === 0) return;
    this.#news.push(...news);
    const over = Math.max(0, this.#news.length - MOST_NEWS);
    this.#news.splice(0, over);
    this.#skipped += skipped + over;
    if (this.#waiting) return;
    const wait = this.#toldAt + PAUSE_MS - this.#now();
    if (wait <= 0) this.#send();
    else {
      this.#waiting = true;
      void sleep(wait).then(() => this.#send());
    }
  }

  /** The alarm: sends those away whose time is over. */
  async alarm(): Promise<void> {
    this.#dismiss(this.#now());
    await this.#arm();
  }

  #send(): void {
    const now = this.#now();
    this.#waiting = false;
    this.#toldAt = now;
    this.#dismiss(now);
    const skipped: News[] = this.#skipped > 0 ? [{ kind: "skipped", count: this.#skipped }] : [];
    const message = JSON.stringify([...skipped, ...this.#news]);
    this.#news = [];
    this.#skipped = 0;
    for (const socket of this.#open()) {
      try {
        socket.send(message);
      } catch {
        // It has broken off this moment.
      }
    }
  }

  /** The platform also lists those that were told to close and whose pages, asleep perhaps, have not answered. */
  #open(): WebSocket[] {
    return this.#state.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  #dismiss(now: number): void {
    for (const socket of this.#open()) {
      const { since, until } = seatOf(socket);
      const heard = Math.max(since, this.#state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
      if (until <= now) socket.close(4000, "its time is over");
      else if (heard + SILENT_MS <= now) socket.close(4001, "silent for too long");
    }
  }

  /** For the socket that must end first. */
  async #arm(): Promise<void> {
    const { storage } = this.#state;
    const ends = this.#open().map((socket) => seatOf(socket).until);
    const at = await storage.getAlarm();
    const next = Math.max(Math.min(...ends), this.#now() + ALARM_MS);
    if (ends.length > 0 && (at === null || at > next)) await storage.setAlarm(next);
  }
}

function seatOf(socket: WebSocket): Seat {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `join` wrote it
  return socket.deserializeAttachment() as Seat;
}
