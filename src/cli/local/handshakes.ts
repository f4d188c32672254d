// `npm run handshakes -- FILE`: challenge requests and the answers that the relay must give to them,
// as `N passed, N failed`.

import { judgeFile } from "./judge-file.ts";
import { judgeHandshake } from "./known-answers.ts";

await judgeFile("handshakes", judgeHandshake);
