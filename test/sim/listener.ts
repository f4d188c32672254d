// Somebody who listens to a tunnel, with a machine that sleeps and dies: as `hookline listen` behaves, written once more without its help.
import { DESK, type Listening, type Who } from "./listening.ts";
import { OPERATOR } from "./operations.ts";
import type { Platform } from "./platform.ts";
import type { Client, Said } from "./sockets.ts";
import type { Coming, Desk } from "./tunnelled.ts";

/** Between two tries to connect, in ms. */
const AGAIN_MS = [0, 500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
/** Bytes before each piece of a body. */
const HEAD = 4;

const ask = () =>
  new Request(`https://relay.example.com/api/destinations/${DESK}/listen`, {
    headers: { ...OPERATOR, upgrade: "websocket" },
  });

/** The same wish, in both ways to say it. */
const NARROW = { ann: { events: ["push"] }, bob: { when: 'event.type == "push"' } } satisfies Record<Who, object>;

export class Listener {
  readonly #name: Who;
  readonly #platform: Platform;
  readonly #desk: Desk;
  #client: Client | null = null;
  /** What it says when it comes; `null` while it does not want to listen. */
  #wishes: { readonly watches: boolean; readonly events: readonly string[]; readonly when?: string } | null = null;
  readonly #coming = new Map<number, Coming>();
  #tries = 0;
  /** Counts its connections: what belongs to an earlier one is over. */
  #life = 0;

  constructor(name: Who, platform: Platform, desk: Desk) {
    this.#name = name;
    this.#platform = platform;
    this.#desk = desk;
  }

  take(act: Listening["act"]): void {
    switch (act) {
      case "come":
      case "watch":
      case "narrow":
        this.#drop((client) => client.leave());
        this.#wishes = { watches: act === "watch", events: [], ...(act === "narrow" ? NARROW[this.#name] : {}) };
        this.#tries = 0;
        void this.#connect();
        return;
      case "go":
        this.#wishes = null;
        this.#drop((client) => client.leave());
        return;
      case "die":
        this.#struck("dies");
        return;
      case "sleep":
        this.#struck("sleeps");
    }
  }

  #drop(how: (client: Client) => void): void {
    const client = this.#client;
    this.#life += 1;
    this.#client = null;
    this.#coming.clear();
    if (client !== null) how(client);
  }

  /** kill -9, and somebody starts it again; or a lid that is closed for a while. */
  #struck(how: "dies" | "sleeps"): void {
    const { scheduler } = this.#platform;
    const client = this.#client;
    if (client === null) return;
    scheduler.tell("fault", this.#name, how);
    const chance = scheduler.roll(`struck ${this.#name} ${this.#life}`);
    if (how === "dies") this.#drop(() => client.leave());
    else
      this.#drop(() => {
        client.asleepSince = scheduler.now;
      });
    const life = this.#life;
    scheduler.after(how === "dies" ? chance * 20_000 : 2_000 + chance * 200_000, () => {
      client.asleepSince = null;
      client.leave();
      if (this.#life === life) this.#again();
    });
  }

  #again(): void {
    if (this.#wishes === null) return;
    const life = this.#life;
    const pause = AGAIN_MS[Math.min(this.#tries, AGAIN_MS.length - 1)] ?? 0;
    this.#tries += 1;
    this.#platform.scheduler.after(pause, () => {
      if (this.#life === life && this.#client === null) void this.#connect();
    });
  }

  async #connect(): Promise<void> {
    const { scheduler } = this.#platform;
    const life = this.#life;
    const opened: Client[] = [];
    try {
      const { socket } = await this.#platform.post(`listen ${this.#name}`, ask, (answer) => {
        if (answer.socket !== undefined) opened.push(answer.socket);
      });
      for (const other of opened) if (other !== socket) other.leave();
      if (socket === undefined || this.#life !== life) throw new Error("no socket");
      this.#open(socket);
    } catch {
      for (const other of opened) other.leave();
      if (this.#life === life) this.#again();
    }
    // One that was asked for twice may come later.
    scheduler.after(60_000, () => {
      for (const other of opened) if (other !== this.#client) other.leave();
    });
  }

  #open(client: Client): void {
    this.#client = client;
    const life = this.#life;
    client.name = this.#name;
    client.onMessage = (said) => {
      if (this.#client === client && client.asleepSince === null) this.#hear(said);
    };
    client.onClose = () => {
      if (this.#life !== life) return;
      this.#drop(() => {});
      this.#again();
    };
    client.onStruck = (how) => {
      if (this.#client === client) this.#struck(how);
    };
    this.#say({ type: "hello", sources: [], ...(this.#wishes ?? { watches: false, events: [] }) });
  }

  #say(frame: object): void {
    this.#client?.say(JSON.stringify(frame));
  }

  #hear(said: Said): void {
    if (typeof said !== "string") {
      const n = new DataView(said.buffer, said.byteOffset).getUint32(0);
      this.#coming.get(n)?.pieces.push(said.slice(HEAD));
      this.#got(n);
      return;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own words
    const frame = JSON.parse(said) as { type: string; n: number; answers?: boolean };
    const one = this.#coming.get(frame.n);
    if (frame.type === "role") {
      this.#tries = 0;
      if (frame.answers === true) this.#desk.greeted();
    } else if (frame.type === "push") {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own words
      this.#coming.set(frame.n, { push: frame as unknown as Coming["push"], pieces: [], arrival: null });
      this.#got(frame.n);
    } else if (frame.type === "go" && one !== undefined) this.#post(one);
    else if (frame.type === "over") {
      if (one?.arrival !== undefined && one.arrival !== null) one.arrival.over ??= this.#platform.scheduler.now;
      this.#coming.delete(frame.n);
    }
  }

  #got(n: number): void {
    const one = this.#coming.get(n);
    if (one !== undefined) this.#say({ type: "got", n, pieces: one.pieces.length });
  }

  #post(one: Coming): void {
    const { scheduler, network } = this.#platform;
    const { n } = one.push;
    const arrival = this.#desk.posted(one);
    if (arrival === null) return;
    one.arrival = arrival;
    const mood = network.moods.get(DESK) ?? "ok";
    const status = /^\d+$/.test(mood) ? Number(mood) : 200;
    if (mood === "hang") return;
    const life = this.#life;
    scheduler.after(mood === "slow" ? 9_000 : 1 + scheduler.roll(`local ${n}`) * 30, () => {
      if (arrival.over !== null || this.#life !== life) return;
      arrival.status = status;
      arrival.complete = true;
      arrival.over = scheduler.now;
      this.#coming.delete(n);
      this.#say({ type: "answer", n, status, headers: {}, body: Buffer.from("thanks").toString("base64") });
    });
  }
}
