// Unpacks the Chromium of the npm registry into TMPDIR, which the package reads from the environment: hence a process of its own.
import chromium from "@sparticuz/chromium";

await chromium.executablePath();
