// The senders of the catalogue that list their deliveries, as their documents show what is asked of them and answered.

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

/** What is asked of a sender, `SINCE` where it says how far back, and what it answers. */
type Exchange = readonly [asked: string, answer: object, link?: string];

/** A sender as its documents show it. */
interface Sender {
  readonly at: string;
  readonly exchange: readonly Exchange[];
}

const gitlab = (id: number, key: string, status: string) => ({
  id,
  url: "https://relay.example.com/in/gitlab",
  trigger: "push_hooks",
  request_headers: { "Idempotency-Key": key, "X-Gitlab-Token": "[REDACTED]" },
  request_data: { object_kind: "push" },
  response_headers: {},
  response_body: "",
  execution_duration: 1.09,
  response_status: status,
});
const paddle = (id: string, more: object = {}) => ({
  id: `ntf_${id}`,
  type: "transaction.completed",
  status: "failed",
  payload: { event_id: `evt_${id}`, notification_id: `ntf_${id}` },
  occurred_at: ago(20),
  delivered_at: null,
  replayed_at: null,
  origin: "event",
  times_attempted: 60,
  notification_setting_id: "ntfset_1",
  ...more,
});
const polar = (id: string, event: string, minutes: number, succeeded: boolean) => ({
  id,
  created_at: ago(minutes),
  modified_at: null,
  succeeded,
  http_code: succeeded ? 200 : null,
  response: null,
  webhook_event: { id: event, type: "order.created", payload: "{}" },
});
const lithic = (token: string, event: string, minutes: number, code: number) => ({
  token,
  created: ago(minutes),
  event_subscription_token: "ep_1",
  event_token: event,
  response: "",
  response_status_code: code,
  status: code === 200 ? "SUCCESS" : "FAILED",
  url: "https://relay.example.com/in/lithic",
});
const svix = (id: string, message: string, minutes: number, code: number) => ({
  id,
  msgId: message,
  endpointId: "ep_1",
  timestamp: ago(minutes),
  responseStatusCode: code,
  status: code === 200 ? 0 : 2,
  response: "",
  url: "https://relay.example.com/in/svix",
});
const resend = (id: string, minutes: number, status: string) => ({
  id,
  type: "email.sent",
  created_at: ago(minutes),
  status,
});
const hookdeck = (id: string, minutes: number) => ({
  id,
  status: "FAILED",
  attempts: 3,
  destination_id: "des_1",
  response_status: 502,
  created_at: ago(minutes),
});
const telnyx = (id: string, minutes: number) => ({
  id: `wd-${id}`,
  record_type: "webhook_delivery",
  status: "failed",
  started_at: ago(minutes),
  finished_at: ago(minutes),
  webhook: {
    record_type: "event",
    id,
    event_type: "call_initiated",
    occurred_at: ago(minutes),
    payload: { useful: 1 },
  },
  attempts: [],
});
const github = (id: number, guid: string, minutes: number, code: number) => ({
  id,
  guid,
  delivered_at: ago(minutes),
  status_code: code,
});
const stripe = (id: string, minutes: number) => ({
  id,
  object: "event",
  created: Date.parse(ago(minutes)) / 1_000,
  type: "invoice.paid",
});

const HOOK = "https://api.github.com/repos/acme/shop/hooks/1";
const GITLAB = "https://gitlab.com/api/v4/projects/7/hooks/3";
const LITHIC = "https://api.lithic.com/v1";
const SVIX = "https://api.eu.svix.com/api/v1/app/app_1";
const PADDLE = "https://api.paddle.com/notifications";

/** By provider: what each of them lost is "lost" and "older"; the others came, are under way, or are not to be asked for. */
export const SENDERS: Record<string, Sender> = {
  github: {
    at: HOOK,
    exchange: [
      [
        `GET ${HOOK}/deliveries?per_page=100`,
        [github(4, "lost", 10, 502), github(3, "came", 20, 200)],
        `<${HOOK}/deliveries?per_page=100&cursor=v1_3>; rel="next"`,
      ],
      [`GET ${HOOK}/deliveries?per_page=100&cursor=v1_3`, [github(2, "came", 30, 502), github(1, "older", 40, 0)]],
      [`POST ${HOOK}/deliveries/1/attempts`, {}],
      [`POST ${HOOK}/deliveries/4/attempts`, {}],
    ],
  },
  gitlab: {
    at: GITLAB,
    exchange: [
      [
        `GET ${GITLAB}/events?per_page=20`,
        [gitlab(5, "lost", "internal error"), gitlab(4, "came", "200"), gitlab(3, "came", "500")],
        `<${GITLAB}/events?id=7&page=2&per_page=20>; rel="next", <${GITLAB}/events?id=7&page=1>; rel="first"`,
      ],
      [`GET ${GITLAB}/events?id=7&page=2&per_page=20`, [gitlab(2, "older", "404")]],
      [`POST ${GITLAB}/events/2/resend`, { response_status: 200 }],
      [`POST ${GITLAB}/events/5/resend`, { response_status: 200 }],
    ],
  },
  paddle: {
    at: "https://api.paddle.com?notification_setting_id=ntfset_1",
    exchange: [
      [
        `GET ${PADDLE}?status=failed&per_page=200&notification_setting_id=ntfset_1&from=SINCE`,
        {
          data: [paddle("lost"), paddle("asked", { replayed_at: ago(5) }), paddle("replay", { origin: "replay" })],
          meta: { pagination: { per_page: 200, next: `${PADDLE}?after=ntf_replay`, has_more: true } },
        },
      ],
      [
        `GET ${PADDLE}?after=ntf_replay`,
        {
          data: [paddle("older", { occurred_at: ago(50) })],
          meta: { pagination: { per_page: 200, next: `${PADDLE}?after=ntf_older`, has_more: false } },
        },
      ],
      [`POST ${PADDLE}/ntf_older/replay`, { data: { notification_id: "ntf_new" } }],
      [`POST ${PADDLE}/ntf_lost/replay`, { data: { notification_id: "ntf_newer" } }],
    ],
  },
  polar: {
    at: "https://api.polar.sh?endpoint_id=we_1",
    exchange: [
      [
        "GET https://api.polar.sh/v1/webhooks/deliveries?limit=100&endpoint_id=we_1&start_timestamp=SINCE",
        {
          items: [polar("d4", "lost", 10, false), polar("d3", "came", 20, true)],
          pagination: { total_count: 4, max_page: 2 },
        },
      ],
      [
        "GET https://api.polar.sh/v1/webhooks/deliveries?limit=100&endpoint_id=we_1&start_timestamp=SINCE&page=2",
        {
          items: [polar("d2", "came", 30, false), polar("d1", "older", 40, false)],
          pagination: { total_count: 4, max_page: 2 },
        },
      ],
      ["POST https://api.polar.sh/v1/webhooks/events/older/redeliver", {}],
      ["POST https://api.polar.sh/v1/webhooks/events/lost/redeliver", {}],
    ],
  },
  lithic: {
    at: `${LITHIC}/event_subscriptions/ep_1`,
    exchange: [
      [
        `GET ${LITHIC}/event_subscriptions/ep_1/attempts?page_size=100&begin=SINCE`,
        { data: [lithic("atmpt_4", "lost", 10, 500), lithic("atmpt_3", "came", 20, 200)], has_more: true },
      ],
      [
        `GET ${LITHIC}/event_subscriptions/ep_1/attempts?page_size=100&begin=SINCE&starting_after=atmpt_3`,
        { data: [lithic("atmpt_2", "came", 30, 500), lithic("atmpt_1", "older", 40, 0)], has_more: false },
      ],
      [`POST ${LITHIC}/events/older/event_subscriptions/ep_1/resend`, {}],
      [`POST ${LITHIC}/events/lost/event_subscriptions/ep_1/resend`, {}],
    ],
  },
  svix: {
    at: `${SVIX}/attempt/endpoint/ep_1`,
    exchange: [
      [
        `GET ${SVIX}/attempt/endpoint/ep_1?limit=100&with_content=false&after=SINCE`,
        { data: [svix("a4", "lost", 10, 500), svix("a3", "came", 20, 200)], iterator: "it_3", done: false },
      ],
      [
        `GET ${SVIX}/attempt/endpoint/ep_1?limit=100&with_content=false&after=SINCE&iterator=it_3`,
        { data: [svix("a2", "came", 30, 500), svix("a1", "older", 40, 0)], iterator: "it_1", done: true },
      ],
      // It says where the next page would be even at its end.
      [
        `GET ${SVIX}/attempt/endpoint/ep_1?limit=100&with_content=false&after=SINCE&iterator=it_1`,
        { data: [], iterator: null, done: true },
      ],
      [`POST ${SVIX}/msg/older/endpoint/ep_1/resend`, {}],
      [`POST ${SVIX}/msg/lost/endpoint/ep_1/resend`, {}],
    ],
  },
  resend: {
    at: "https://api.resend.com/webhooks/w1",
    exchange: [
      [
        "GET https://api.resend.com/webhooks/w1/events?limit=100",
        { object: "list", has_more: true, data: [resend("msg_4", 10, "attempting"), resend("msg_3", 20, "success")] },
      ],
      [
        "GET https://api.resend.com/webhooks/w1/events?limit=100&after=msg_3",
        { object: "list", has_more: false, data: [resend("msg_1", 40, "failed")] },
      ],
      ["POST https://api.resend.com/webhooks/w1/events/msg_1/replay", {}],
      ["POST https://api.resend.com/webhooks/w1/events/msg_4/replay", {}],
    ],
  },
  hookdeck: {
    at: "https://api.hookdeck.com/2025-07-01?destination_id=des_1",
    exchange: [
      [
        "GET https://api.hookdeck.com/2025-07-01/events?status=FAILED&order_by=created_at&dir=desc&limit=100&destination_id=des_1&created_at[gte]=SINCE",
        { models: [hookdeck("evt_lost", 10)], pagination: { order_by: "created_at", dir: "desc", next: "c2" } },
      ],
      [
        "GET https://api.hookdeck.com/2025-07-01/events?status=FAILED&order_by=created_at&dir=desc&limit=100&destination_id=des_1&created_at[gte]=SINCE&next=c2",
        { models: [hookdeck("evt_older", 40)], pagination: { order_by: "created_at", dir: "desc" } },
      ],
      ["POST https://api.hookdeck.com/2025-07-01/events/evt_older/retry", {}],
      ["POST https://api.hookdeck.com/2025-07-01/events/evt_lost/retry", {}],
    ],
  },
  stripe: {
    at: "https://api.stripe.com",
    exchange: [
      [
        "GET https://api.stripe.com/v1/events?delivery_success=false&limit=100&created[gte]=SINCE",
        { object: "list", data: [stripe("evt_lost", 10)], has_more: true },
      ],
      [
        "GET https://api.stripe.com/v1/events?delivery_success=false&limit=100&created[gte]=SINCE&starting_after=evt_lost",
        { object: "list", data: [stripe("evt_older", 40)], has_more: false },
      ],
    ],
  },
  telnyx: {
    at: "https://api.telnyx.com/v2",
    exchange: [
      [
        "GET https://api.telnyx.com/v2/webhook_deliveries?filter[status][eq]=failed&page[size]=100&filter[started_at][gte]=SINCE",
        { data: [telnyx("lost", 10)], meta: { page_number: 1, total_pages: 2 } },
      ],
      [
        "GET https://api.telnyx.com/v2/webhook_deliveries?filter[status][eq]=failed&page[size]=100&filter[started_at][gte]=SINCE&page[number]=2",
        { data: [telnyx("older", 40)], meta: { page_number: 2, total_pages: 2 } },
      ],
    ],
  },
};
