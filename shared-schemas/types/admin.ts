/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * A command that another waits for, and what became of it; null: it has never come.
 */
export interface Awaited {
  id: string;
  type: string | null;
  outcome: string | null;
}
/**
 * What a person said of a command that was kept, and why.
 */
export interface Decision {
  kind: "go_on" | "refuse";
  reason: string;
}
/**
 * A command that is held, clashes, or was rejected while others wait for it.
 *
 *     author: null for one by rule. digest: SHA-256 of its body, hex. dependents: how many held
 *     commands wait for it. decision: what a person said and is not carried out yet.
 */
export interface KeptCommand {
  id: string;
  digest: string;
  outcome: "clash" | "held" | "rejected";
  type: string;
  author: string | null;
  author_name: string | null;
  reasons: Reason[];
  received_at: string;
  tries: number;
  next_try_at: string | null;
  waits_for: Awaited[];
  dependents: number;
  decision: Decision | null;
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
 * A page, the oldest first: those are to be dealt with first. `total` of all pages.
 */
export interface KeptList {
  commands: KeptCommand[];
  total: number;
}
