// What wrangler's rules, its own and those of wrangler.toml, turn into modules.
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
