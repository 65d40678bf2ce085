/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * 标签. `area` is where it holds (a code; what lies under it too), `org` who looks after it.
 */
export interface Label {
  id: string;
  version: number;
  county: string;
  code: string;
  name: string;
  kind: "case";
  definition: string;
  org: string;
  area: string;
  colour: "blue" | "green" | "grey" | "orange" | "purple" | "red" | "yellow";
  valid_from: string;
  valid_to: string | null;
}
