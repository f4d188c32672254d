// What the API says about itself, to programs and to people.
import { expect, test } from "vitest";
import { Operator } from "../kit/operator.ts";

const operator = new Operator();

test("the document is OpenAPI 3.1, names every route, and is read from a page as well", async () => {
  const document = await operator.get<{
    openapi: string;
    paths: Record<string, Record<string, { operationId: string }>>;
  }>("/api/openapi.json");
  expect(document.openapi).toBe("3.1.0");
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  const text = JSON.stringify(document);
  for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(text).toContain(`"${name}":{`);
  const page = await (await operator.call("/api/reference")).text();
  for (const path of Object.keys(document.paths)) expect(page).toContain(path);
  expect(page).not.toMatch(/<script|style=/);
});
