// Which Chromium do the pages run in? CHROMIUM, else the system's own, else the one that the npm registry carries: the first that starts.
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { chromium, type LaunchOptions } from "playwright-core";
import * as z from "zod";

const root = resolve(import.meta.dirname, "../..");

/** Nothing that the browser asks for by itself, and no sandbox, which needs rights that a container lacks. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A container often has 64 MB of shared memory, less than a page may take.
  "--disable-dev-shm-usage",
];

/** How a browser is started, and what it is called in the one line that says which is used. */
export interface Found {
  readonly name: string;
  readonly executablePath: string;
  /** What its environment has beside that of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** The names that distributions give it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Where macOS keeps what has no place on the PATH. */
const APPLICATIONS = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** @throws {Error} saying what to install, where no Chromium starts */
export async function findChromium(environment: NodeJS.ProcessEnv = process.env): Promise<Found> {
  const failures: string[] = [];
  for (const find of candidates(environment))
    try {
      const found = await find();
      if (found === null) continue;
      const browser = await chromium.launch(launchOptions(found, environment));
      const version = browser.version();
      await browser.close();
      return { ...found, name: `Chromium ${version} (${found.name})` };
    } catch (error) {
      failures.push(inShort(error));
    }
  throw new Error([MISSING, ...failures].join("\n  "));
}

const MISSING =
  "No Chromium starts for the browser tests. Run `npm ci` on Linux x64, which installs one from the npm registry; " +
  "elsewhere install Chromium or Chrome (Debian: apt-get install chromium), or name its executable in CHROMIUM.";

/** What playwright needs to start it. */
export function launchOptions({ executablePath, env }: Found, environment = process.env): LaunchOptions {
  // Of a system without a locale Chromium makes a language that its own `Intl` refuses (en-US@posix).
  const defined = Object.entries({ ...environment, LANG: "en_US.UTF-8", LC_ALL: "en_US.UTF-8", ...env }).filter(
    (entry) => entry[1] !== undefined,
  );
  return { executablePath, args: FLAGS, headless: true, env: Object.fromEntries(defined) };
}

/** In the order of preference; `null` where there is none of the kind. */
function candidates(environment: NodeJS.ProcessEnv): (() => Promise<Found | null>)[] {
  const named = environment["CHROMIUM"];
  if (named !== undefined) return [async () => ({ name: "CHROMIUM", executablePath: named, env: {} })];
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const paths = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...APPLICATIONS];
  return [
    ...paths.map((path) => async () => ((await runs(path)) ? { name: path, executablePath: path, env: {} } : null)),
    () => fromPackage(false),
    () => fromPackage(true),
  ];
}

async function runs(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * The one of the package, for Linux x64: unpacked once for each version, with the fonts that a container has none of.
 *
 * @param libraries whether it brings its own libraries (those of Amazon Linux) too, for systems that lack them
 */
async function fromPackage(libraries: boolean): Promise<Found | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  const manifest = await readFile(join(root, "node_modules/@sparticuz/chromium/package.json"), "utf8");
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
  const folder = join(root, ".hookline", `chromium-${version}`);
  if (!(await runs(join(folder, "chromium")))) await unpack(folder);
  return {
    name: `@sparticuz/chromium ${version} of the npm registry`,
    executablePath: join(folder, "chromium"),
    env: {
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
      ...(libraries ? { LD_LIBRARY_PATH: join(folder, "al2023", "lib") } : {}),
    },
  };
}

/** Into a folder beside it that gets its name when it is whole: another run may be at it too. */
async function unpack(folder: string): Promise<void> {
  await mkdir(join(root, ".hookline"), { recursive: true });
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    // The package unpacks into TMPDIR, which it reads from the environment, hence a process of its own; its libraries only
    // where it believes to be at home.
    const env = { ...process.env, TMPDIR: unfinished, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x" };
    const script = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();';
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { env, cwd: root });
    await writeFile(join(unfinished, "fonts.conf"), fontsConf(folder));
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await runs(join(folder, "chromium")))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** The system's fonts, if it has any, and those that came with the browser: the package's own file looks into /tmp. */
function fontsConf(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${folder}/fonts/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;
}

/** Playwright's errors repeat the command and the whole log of the browser: what it said itself, or else what happened. */
function inShort(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  const told = lines.find((line) => /shared libraries|ENOENT|EACCES|Exec format/.test(line)) ?? lines[0] ?? "";
  return told.trim().slice(0, 300);
}
