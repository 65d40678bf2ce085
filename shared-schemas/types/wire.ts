/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * One intended change of a fact, whole as its author made it. Fixed at submit, never rewritten.
 *
 *     `occurred_at` is by the device's clock; `clock_offset_ms` is server minus device as last
 *     measured, or null when it never was. `bases` gives the version of each entity the author saw.
 */
export interface Command {
  id: string;
  device: string;
  device_seq: number;
  user: string;
  post: string;
  type: string;
  type_version: number;
  occurred_at: string;
  clock_offset_ms: number | null;
  origin: "own" | "peer";
  bases: {
    [k: string]: number;
  };
  after: string[];
  corrects: string | null;
  payload: unknown;
}
/**
 * A document as devices hold it: one aggregate, the same bytes for every holder.
 */
export interface Held {
  kind: string;
  id: string;
  version: number;
  document: unknown;
}
/**
 * A command on its way. `body` is the JSON text of a Command, kept as the very bytes that were
 *     digested (SHA-256) and signed (ECDSA P-256 over SHA-256, raw r‖s, base64); gateways may reformat
 *     JSON around a string but not inside it.
 */
export interface Item {
  body: string;
  signature: string | null;
}
/**
 * An entity's place in a bucket. `removed` is a tombstone.
 */
export interface Member {
  bucket: string;
  kind: string;
  id: string;
  version: number;
  removed: boolean;
}
/**
 * The answer to one command, in the order they were pushed; `id` is null if unreadable.
 */
export interface Outcome {
  id: string | null;
  outcome: "accepted" | "clash" | "held" | "rejected" | "repeated";
  receipt: Receipt | null;
  reasons: Reason[];
}
/**
 * Proof that a command is on disk. `number` is what people read out (a case number) if any.
 */
export interface Receipt {
  command: string;
  digest: string;
  received_at: string;
  epoch: string;
  entity: string | null;
  version: number | null;
  number: string | null;
}
/**
 * Why not: `code` for programs, `message` in Chinese for people, `field` as a dotted path.
 */
export interface Reason {
  code: string;
  message: string;
  field: string | null;
}
/**
 * What the device has: the cursor of its last whole pull, the epoch it came with, the buckets
 *     it holds at that cursor, and within a pull of several pages the token of the next one.
 */
export interface PullRequest {
  cursor: string | null;
  epoch: string | null;
  buckets: string[];
  page: string | null;
}
/**
 * One page. Apply pages as they come, but keep `cursor` only when `page` is null.
 *
 *     `buckets` is what the actor may hold now: a device drops every other bucket. `fresh` lists
 *     buckets that are sent whole: members of those not named in this pull are gone.
 *     `reset` says that the epoch changed or the cursor was not usable, so all buckets are fresh.
 */
export interface PullResponse {
  epoch: string;
  server_time: string;
  buckets: string[];
  fresh: string[];
  members: Member[];
  documents: Held[];
  cursor: string;
  page: string | null;
  reset: boolean;
}
/**
 * Up to MAX_COMMANDS commands, applied in the order given.
 */
export interface PushRequest {
  commands: Item[];
}
/**
 * One outcome per command. `server_time` lets the device measure its clock.
 */
export interface PushResponse {
  epoch: string;
  server_time: string;
  outcomes: Outcome[];
}
