// `npm run vectors -- FILE`: known-answer requests through the real verifier, as `N passed, N failed`.

import { judgeFile } from "./judge-file.ts";
import { judgeVector } from "./known-answers.ts";

await judgeFile("vectors", judgeVector);
