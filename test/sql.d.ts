// As src/modules.d.ts has it, whose other declarations stand in Node's own types.
declare module "*.sql" {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- wrangler's Text rule exports the file as the default
  export default text;
}

declare module "*.css" {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- wrangler's Text rule exports the file as the default
  export default text;
}

declare module "*.svg" {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- wrangler's Text rule exports the file as the default
  export default text;
}

declare module "*.client.js" {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- wrangler's Text rule exports the file as the default
  export default text;
}

declare module "*.iife.min.js" {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- wrangler's Text rule exports the file as the default
  export default text;
}
