/**
 * The patterns of `regex()`. Twin of backend/catalogue/patterns.py: a small language matched alike,
 * and in linear time, on both ends.
 */

const MOST_STEPS = 300
const MOST_NESTED = 10
const MOST_CHARACTERS = 2000

type Range = [low: string, high: string]
type Step = { ranges: Range[]; negated: boolean } | { to: number[] }
type Emit = (steps: Step[]) => void

const CLASSES: Record<string, Range[]> = {
  d: [['0', '9']],
  w: [
    ['0', '9'],
    ['A', 'Z'],
    ['_', '_'],
    ['a', 'z'],
  ],
  s: [
    ['\t', '\n'],
    ['\r', '\r'],
    [' ', ' '],
  ],
}
const SPECIAL = '\\^$.|?*+()[]{}'
const COUNT = '次数应写成 {2}、{2,} 或 {2,5}'

/** Why a pattern cannot be used, and at which character (from 0). */
export class PatternError extends Error {
  constructor(
    readonly position: number,
    message: string,
  ) {
    super(message)
  }
}

const compiled = new Map<string, Step[]>()

/** The steps of a pattern. Throws PatternError. */
export function compilePattern(text: string): Step[] {
  let steps = compiled.get(text)
  if (!steps) compiled.set(text, (steps = new Reader(text).whole()))
  return steps
}

/** Whether the pattern takes the whole text. Throws PatternError. */
export function matches(pattern: string, text: string): boolean {
  const steps = compilePattern(pattern)
  const chars = Array.from(text)
  if (chars.length > MOST_CHARACTERS) return false
  let alive = reach(steps, [0])
  for (const char of chars) {
    const following: number[] = []
    for (const at of alive) {
      const step = steps[at]
      if (step && 'ranges' in step && takes(step, char)) following.push(at + 1)
    }
    alive = reach(steps, following)
    if (!alive.size) return false
  }
  return alive.has(steps.length)
}

const point = (char: string): number => char.codePointAt(0) ?? 0

function takes({ ranges, negated }: { ranges: Range[]; negated: boolean }, char: string): boolean {
  const code = point(char)
  return ranges.some(([low, high]) => point(low) <= code && code <= point(high)) !== negated
}

function reach(steps: Step[], start: number[]): Set<number> {
  const reached = new Set<number>()
  const waiting = [...start]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (reached.has(at)) continue
    reached.add(at)
    const step = steps[at]
    if (step && 'to' in step) waiting.push(...step.to)
  }
  return reached
}

/** Reads a pattern from left to right into steps. */
class Reader {
  private readonly chars: string[]
  private at = 0
  private depth = 0

  constructor(text: string) {
    this.chars = Array.from(text)
  }

  whole(): Step[] {
    if (this.chars[0] === '^') this.at = 1
    const emit = this.either()
    if (this.onlyEndLeft()) this.at += 1
    const left = this.peek()
    if (left) this.fail(`这里不该有“${left}”`)
    const steps: Step[] = []
    emit(steps)
    return steps
  }

  private fail(message: string): never {
    throw new PatternError(this.at, message)
  }

  private peek(ahead = 0): string {
    return this.chars[this.at + ahead] ?? ''
  }

  private peekIn(some: string): boolean {
    const char = this.peek()
    return char !== '' && some.includes(char)
  }

  private onlyEndLeft(): boolean {
    return this.peek() === '$' && this.at === this.chars.length - 1
  }

  private either(): Emit {
    const ways = [this.sequence()]
    while (this.peek() === '|') {
      this.at += 1
      ways.push(this.sequence())
    }
    const [only] = ways
    return ways.length === 1 && only ? only : (steps) => emitEither(steps, ways)
  }

  private sequence(): Emit {
    const parts: Emit[] = []
    while (this.peek() && !this.peekIn('|)') && !this.onlyEndLeft()) parts.push(this.repeated())
    return (steps) => {
      for (const part of parts) part(steps)
    }
  }

  private repeated(): Emit {
    const start = this.at
    const atom = this.atom()
    if (!this.peekIn('?*+{')) return atom
    const [least, most] = this.count()
    if (this.peekIn('?*+{')) this.fail('次数只能写一个')
    return (steps) => {
      emitRepeated(steps, atom, least, most)
      if (steps.length > MOST_STEPS) throw new PatternError(start, '格式太复杂')
    }
  }

  private count(): [least: number, most: number | null] {
    const char = this.peek()
    this.at += 1
    if (char === '?') return [0, 1]
    if (char === '*') return [0, null]
    if (char === '+') return [1, null]
    const least = this.number()
    let most: number | null = least
    if (this.peek() === ',') {
      this.at += 1
      most = this.peek() === '}' ? null : this.number()
    }
    if (this.peek() !== '}' || (most !== null && most < least)) this.fail(COUNT)
    this.at += 1
    return [least, most]
  }

  private number(): number {
    const start = this.at
    while (this.peekIn('0123456789')) this.at += 1
    if (this.at === start || this.at - start > 3) this.fail(COUNT)
    return Number(this.chars.slice(start, this.at).join(''))
  }

  private atom(): Emit {
    const char = this.peek()
    if (char === '(') return this.group()
    if (char === '[') return emitOne(this.set())
    if (char === '.') {
      this.at += 1
      return emitOne({ ranges: [], negated: true })
    }
    if (char === '\\') return emitOne({ ranges: this.escape(), negated: false })
    if (SPECIAL.includes(char)) this.fail(`这里不该有“${char}”；要这个字符本身请写成 \\${char}`)
    this.at += 1
    return emitOne({ ranges: [[char, char]], negated: false })
  }

  private group(): Emit {
    this.depth += 1
    if (this.depth > MOST_NESTED) this.fail('括号套得太深')
    this.at += 1
    const inner = this.either()
    if (this.peek() !== ')') this.fail('缺少“)”')
    this.at += 1
    this.depth -= 1
    return inner
  }

  private escape(): Range[] {
    const char = this.peek(1)
    const known = CLASSES[char]
    if (!known && (!char || (char !== '-' && !SPECIAL.includes(char)))) {
      this.fail('反斜杠后只能是 d、w、s 或标点')
    }
    this.at += 2
    return known ?? [[char, char]]
  }

  private set(): { ranges: Range[]; negated: boolean } {
    this.at += 1
    const negated = this.peek() === '^'
    if (negated) this.at += 1
    const ranges: Range[] = []
    while (this.peek() !== ']') {
      if (!this.peek() || this.peek() === '[') this.fail('缺少“]”')
      ranges.push(...this.range())
    }
    if (!ranges.length) this.fail('方括号里是空的')
    this.at += 1
    return { ranges, negated }
  }

  private range(): Range[] {
    const low = this.member()
    if (this.peek() !== '-' || ['', ']'].includes(this.peek(1))) return low
    this.at += 1
    const high = this.member()
    const [from, to] = [low[0]?.[0] ?? '', high[0]?.[0] ?? '']
    if (low.length > 1 || high.length > 1 || point(from) > point(to)) {
      this.fail('范围应从小到大，如 a-z')
    }
    return [[from, to]]
  }

  private member(): Range[] {
    const char = this.peek()
    if (char === '\\') return this.escape()
    this.at += 1
    return [[char, char]]
  }
}

const emitOne =
  (one: Step): Emit =>
  (steps) => {
    steps.push(one)
  }

function emitEither(steps: Step[], ways: Emit[]): void {
  const fork: number[] = []
  steps.push({ to: fork })
  const leave: number[][] = []
  for (const way of ways) {
    fork.push(steps.length)
    way(steps)
    const out: number[] = []
    steps.push({ to: out })
    leave.push(out)
  }
  for (const out of leave) out.push(steps.length)
}

function emitRepeated(steps: Step[], atom: Emit, least: number, most: number | null): void {
  for (let n = 0; n < least && steps.length <= MOST_STEPS; n += 1) atom(steps)
  if (most === null) {
    const fork: number[] = []
    const start = steps.length
    steps.push({ to: fork })
    atom(steps)
    steps.push({ to: [start] })
    fork.push(start + 1, steps.length)
    return
  }
  const forks: number[][] = []
  for (let n = least; n < most && steps.length <= MOST_STEPS; n += 1) {
    const fork = [steps.length + 1]
    steps.push({ to: fork })
    forks.push(fork)
    atom(steps)
  }
  for (const fork of forks) fork.push(steps.length)
}
