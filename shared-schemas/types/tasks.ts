/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * Exactly one of `user`, `post`, `org` must answer. This is also the device's document.
 */
export interface Task {
  id: string;
  version: number;
  kind: string;
  subject_kind: string;
  subject: string;
  title: string;
  county: string;
  area_path: string;
  user: string | null;
  post: string | null;
  org: string | null;
  claimed_by: string | null;
  state: "answered" | "open" | "void";
  opened_at: string;
  yellow_at: string | null;
  due_at: string | null;
  answered_at: string | null;
  verdict: string | null;
}
