// What becomes of a command when nobody reads what it prints any more, as behind `| head`? It ends, without a word.

/** What a shell reports of a command that SIGPIPE has ended; Node ignores the signal and has writes fail instead. */
const BROKEN_PIPE = 141;

/** A command with an end of its own, such as the demo, listens too, and is left to it. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (stream.listenerCount("error") === 1) process.exit(BROKEN_PIPE);
    });
}
