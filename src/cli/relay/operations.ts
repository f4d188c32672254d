// Which command does what an operation of the API does: for hints that the relay gives in the API's words, and for the
// test that nothing is missing here.
/**
 * A command line for each operation; words in capitals stand for what its user puts there. `null` where a command line
 * has no use for it: the document and the page describe the API to programs and their authors.
 */
export const COMMANDS: Readonly<Record<string, string | null>> = {
  "GET /overview": "overview",
  "GET /live": "tail",
  "GET /events": "events",
  "POST /events": "post TYPE --data {}",
  "GET /events/:id": "event ID",
  "GET /events/:id/routes": "routes --try evt_0",
  "GET /events/:id/body": "event ID --body",
  "POST /events/:id/replay": "replay ID",
  "POST /events/:id/cancel": "cancel ID",
  "POST /events/:id/send": "route ID --to DESTINATION",
  "POST /events/:id/route": "route ID",
  "POST /events/:id/edit": "edit ID --to DESTINATION --body FILE",
  "POST /events/:id/delete": "delete ID --yes",
  "GET /archive": "events --archived",
  "GET /export": "export",
  "GET /deliveries": "deliveries",
  "POST /deliveries/:id/replay": "replay ID:DESTINATION",
  "POST /deliveries/:id/cancel": "cancel ID:DESTINATION",
  "GET /sources": "sources",
  "GET /sources/:name/secrets": "sources NAME",
  "GET /sources/:name/refusals": "refusals NAME",
  "POST /sources/:name/offers": "offers NAME",
  "POST /sources/:name/gaps": "gaps --source NAME --now",
  "GET /destinations": "destinations",
  "GET /destinations/:name": "destinations NAME",
  "GET /destinations/:name/inspections": "inspections NAME",
  "GET /destinations/:name/listen": "listen 3000 --destination NAME",
  "POST /destinations/:name/test": "test NAME",
  "POST /destinations/:name/pause": "pause NAME",
  "POST /destinations/:name/resume": "resume NAME",
  "PUT /destinations/:name/script": "script NAME SCRIPT",
  "GET /routes": "routes",
  "POST /routes/apply": "route --unrouted",
  "POST /routes/try": "routes --try FILE --source NAME",
  "GET /alerts": "alerts",
  "POST /alerts/mute": "mute --subject NAME --for 4h",
  "POST /alerts/unmute": "unmute --subject NAME",
  "GET /costs": "costs",
  "GET /replays": "replays",
  "POST /replays": "replays start --yes",
  "GET /replays/preview": "replays preview",
  "GET /replays/:id": "replays show ID",
  "POST /replays/:id/cancel": "replays cancel ID",
  "GET /configuration": "check --relay",
  "GET /erasures": "erasures",
  "POST /erasures": "delete --source NAME --where body.id=1",
  "GET /erasures/:id": "erasures show ID",
  "POST /erasures/:id/confirm": "erasures confirm ID",
  "POST /erasures/:id/cancel": "erasures cancel ID",
  "GET /keys": "keys",
  "POST /keys": "keys create NAME",
  "POST /keys/:id/revoke": "keys revoke ID",
  "GET /audit": "audit",
  "GET /openapi.json": null,
  "GET /reference": null,
  "POST /transforms/try": "transform --try evt_0",
  "POST /transforms/try-stored": "transform --last 5 --source NAME",
  "POST /import": "import FILE",
  "POST /import/parts": "import FILE",
};

/** `GET /api/sources lists them` as somebody at a terminal would do it. */
export function inCommands(detail: string): string {
  return (
    detail
      .replaceAll(/\bGET \/api(\/[a-z][\w/:.-]*\w)/g, (whole, path: string) => {
        const command = COMMANDS[`GET ${path}`] ?? null;
        return command === null ? whole : `hookline ${command}`;
      })
      .replaceAll(/ of \/api\/[a-z]+/g, "")
      // Said to whoever writes a URL.
      .replace('; write the "+" of an offset as %2B', "")
  );
}
