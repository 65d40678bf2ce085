/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

export type * as admin from "./admin";
export type * as cases from "./cases";
export type * as catalogue from "./catalogue";
export type * as commands from "./commands";
export type * as directory from "./directory";
export type * as labels from "./labels";
export type * as registry from "./registry";
export type * as requests from "./requests";
export type * as settings from "./settings";
export type * as tasks from "./tasks";
export type * as windows from "./windows";
export type * as wire from "./wire";
