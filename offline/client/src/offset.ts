/** Server minus device in milliseconds, by an answer asked for at `asked` and had at `answered`. */
export function clockOffset(serverTime: string, asked: number, answered: number): number {
  return Math.round(Date.parse(serverTime) - (asked + answered) / 2)
}
