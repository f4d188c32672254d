// The least that a durable answer costs: whatever arrived together becomes one row, and nobody is answered before it is on the disk.

/** Keeps texts in the storage of one object, a group at a time, and does nothing else with them. */
export class Minimum {
  readonly #storage: DurableObjectStorage;
  #waiting: string[] = [];
  /** Of the group that gathers, `null` while nothing does. */
  #gathered: Promise<void> | null = null;
  /** Of the group before it. */
  #synced: Promise<void> = Promise.resolve();
  #ended = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    storage.sql.exec("CREATE TABLE IF NOT EXISTS minimum (seq INTEGER PRIMARY KEY, texts TEXT NOT NULL)");
  }

  /** Resolves once the text is durable. */
  keep(text: string): Promise<void> {
    this.#waiting.push(text);
    this.#gathered ??= this.#synced.then(() => this.#write());
    return this.#gathered;
  }

  /** Hears that something was sent, and only counts it. */
  ended(): number {
    this.#ended += 1;
    return this.#ended;
  }

  #write(): Promise<void> {
    const texts = this.#waiting.splice(0).join(",");
    this.#gathered = null;
    this.#storage.sql.exec("INSERT INTO minimum (texts) VALUES (?)", texts);
    this.#synced = this.#storage.sync();
    return this.#synced;
  }
}
