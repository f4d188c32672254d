// What vite's `?raw` makes of a file.
declare module "*?raw" {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- vite exports the file as the default
  export default text;
}
