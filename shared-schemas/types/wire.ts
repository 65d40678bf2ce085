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
 *
 *     A sealed item has an empty body and, in `sealed`, HPKE of the JSON of the Item it was (base64,
 *     PROTOCOL.md 8): its author's device can no longer read it, and anyone signed in may bring it.
 *
 *     `accepted_in` is the epoch of the receipt that an earlier life of the database gave.
 */
export interface Item {
  body: string;
  signature: string | null;
  sealed: string | null;
  accepted_in: string | null;
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
 *
 *     `check` asks for the checksum of every bucket with the last page. `snapshots` says that the
 *     device can take a fresh bucket as a file.
 */
export interface PullRequest {
  cursor: string | null;
  epoch: string | null;
  buckets: string[];
  page: string | null;
  check: boolean;
  snapshots: boolean;
}
/**
 * One page. Apply pages as they come; `cursor` is "" until `page` is null.
 *
 *     `buckets` is what the actor may hold now: a device drops every other bucket. `fresh` lists
 *     buckets that are sent whole: members of those not named in this pull are gone.
 *     `reset` says why all buckets are fresh though a cursor was given: another epoch, after which
 *     the device pushes again what was accepted in the last 30 days, or a cursor older than the
 *     tombstones.
 *     `snapshots` come with the first page, `checksums` by bucket with the last one when asked for.
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
  reset: ("epoch" | "horizon") | null;
  snapshots: Snapshot[];
  checksums: {
    [k: string]: string;
  } | null;
}
/**
 * A fresh bucket as an immutable file, `GET /api/sync/snapshots/{id}` (PROTOCOL.md 6). A device
 *     takes it before the members of this pull, which are what came after it.
 *
 *     `bytes` is the file's size on the wire, `documents` how many it holds, `checksum` that of the
 *     bucket as it was then.
 */
export interface Snapshot {
  bucket: string;
  id: string;
  bytes: number;
  documents: number;
  checksum: string;
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
