/**
 * Expressions of forms and flows: `${kind} = 'other' and ${people} > 3`. Twin of
 * backend/catalogue/expressions.py, to the character. An expression that was parsed always has a
 * value: what cannot be worked out is empty, and empty is unequal to everything but empty.
 */

import { compilePattern, matches, PatternError } from './patterns'

/** Text, a number, a truth, a list, or a row of a repeat. Empty is ''. */
export type Value = string | number | boolean | Value[] | Row
type Row = Readonly<Record<string, unknown>>
export type Context = Readonly<Record<string, unknown>>

const MOST_CHARACTERS = 500
const MOST_NESTED = 30
const MOST_OPERATORS = 60
const SELF = '.'
/** Where the context holds the moment: RFC 3339 text in the city's own offset. */
export const NOW = 'now'

/** Why an expression cannot be used, and at which character (from 0). */
export class ExpressionError extends Error {
  constructor(
    readonly position: number,
    message: string,
  ) {
    super(message)
  }
}

export type Parsed = { value: Value } | { path: string[] } | { call: string; operands: Parsed[] }

/** The value of an expression. Throws ExpressionError when it cannot be parsed. */
export function evaluate(text: string, context: Context): Value {
  return valueOf(parse(text), context)
}

/** Whether it is true: not false, zero or empty. Throws ExpressionError. */
export function holds(text: string, context: Context): boolean {
  return truth(evaluate(text, context))
}

/** The `${…}` an expression reads, paths whole. Throws ExpressionError. */
export function names(text: string): Set<string> {
  const found = new Set<string>()
  const waiting = [parse(text)]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if ('call' in node) waiting.push(...node.operands)
    else if ('path' in node && ![SELF, NOW].includes(node.path[0] ?? '')) {
      found.add(node.path.join('/'))
    }
  }
  return found
}

const parsed = new Map<string, Parsed>()

/** Throws ExpressionError. */
export function parse(text: string): Parsed {
  let node = parsed.get(text)
  if (!node) {
    if (length(text) > MOST_CHARACTERS) {
      throw new ExpressionError(MOST_CHARACTERS, `表达式最多 ${MOST_CHARACTERS} 字`)
    }
    parsed.set(text, (node = new Parser(tokens(text), length(text)).whole()))
  }
  return node
}

/** Characters as people count them: one outside the basic plane is one. */
export const length = (text: string): number => Array.from(text).length

// Reading

const TOKEN = new RegExp(
  '[ \\t\\r\\n]*(?:' +
    '(?<number>[0-9]+(?:\\.[0-9]+)?)' +
    `|(?<text>'[^']*'|"[^"]*")` +
    '|\\$\\{(?<name>[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*)\\}' +
    '|(?<word>[a-z]+(?:-[a-z]+)*)' +
    '|(?<sign>!=|<=|>=|[-+*=<>(),.])' +
    '|(?<end>$)' +
    ')',
  'y',
)
const POWERS = new Map(
  Object.entries({
    or: 1,
    and: 2,
    '=': 3,
    '!=': 3,
    '<': 4,
    '<=': 4,
    '>': 4,
    '>=': 4,
    '+': 5,
    '-': 5,
    '*': 6,
    div: 6,
    mod: 6,
  }),
)
const UNARY = 7
const ARITY = new Map<string, [least: number, most: number]>(
  Object.entries({
    true: [0, 0],
    false: [0, 0],
    now: [0, 0],
    today: [0, 0],
    not: [1, 1],
    if: [3, 3],
    coalesce: [1, 9],
    concat: [1, 9],
    selected: [2, 2],
    'count-selected': [1, 1],
    count: [1, 1],
    sum: [1, 1],
    'string-length': [1, 1],
    contains: [2, 2],
    'starts-with': [2, 2],
    regex: [2, 2],
    round: [2, 2],
    int: [1, 1],
    number: [1, 1],
    string: [1, 1],
  }),
)

interface Token {
  kind: string
  text: string
  at: number
}

function tokens(text: string): Token[] {
  const found: Token[] = []
  let at = 0
  let last = ''
  while (last !== 'end') {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (!match) throw unreadable(text, at)
    const [kind = '', part = ''] =
      Object.entries<string | undefined>(match.groups ?? {}).find(
        (each): each is [string, string] => each[1] !== undefined,
      ) ?? []
    at = TOKEN.lastIndex
    last = kind
    const wide = kind === 'name' ? part.length + 3 : part.length
    found.push({ kind, text: part, at: length(text.slice(0, at - wide)) })
  }
  return found
}

function unreadable(text: string, from: number): ExpressionError {
  let at = from
  while (' \t\r\n'.includes(text.charAt(at))) at += 1
  const position = length(text.slice(0, at))
  const [char = ''] = text.slice(at)
  if (char === "'" || char === '"') return new ExpressionError(position, '引号没有合上')
  if (char === '$') return new ExpressionError(position, '名称应写成 ${name}')
  return new ExpressionError(position, `这里不该有“${char}”`)
}

/** Operator precedence by binding power (Pratt). */
class Parser {
  private next = 0
  private depth = 0
  private operators = 0

  constructor(
    private readonly tokens: Token[],
    private readonly end: number,
  ) {}

  whole(): Parsed {
    const node = this.expression(0)
    if (this.peek().kind !== 'end') throw this.unexpected(this.peek())
    return node
  }

  private peek(): Token {
    return this.tokens[this.next] ?? { kind: 'end', text: '', at: this.end }
  }

  private unexpected({ kind, text, at }: Token): ExpressionError {
    if (kind === 'end') return new ExpressionError(this.end, '表达式没有写完')
    const shown = kind === 'name' ? `\${${text}}` : text
    return new ExpressionError(at, `这里不该有“${shown}”`)
  }

  private isSign(sign: string): boolean {
    const { kind, text } = this.peek()
    return kind === 'sign' && text === sign
  }

  private expect(sign: string): void {
    const { kind, at } = this.peek()
    if (!this.isSign(sign)) {
      throw new ExpressionError(kind === 'end' ? this.end : at, `缺少“${sign}”`)
    }
    this.next += 1
  }

  private expression(power: number): Parsed {
    this.depth += 1
    if (this.depth > MOST_NESTED) throw new ExpressionError(this.peek().at, '表达式套得太深')
    let left = this.operand()
    while (['word', 'sign'].includes(this.peek().kind)) {
      const operator = this.peek()
      const binding = POWERS.get(operator.text) ?? 0
      if (binding <= power) break
      this.next += 1
      this.operators += 1
      if (this.operators > MOST_OPERATORS) {
        throw new ExpressionError(operator.at, '表达式太长，请拆成几项计算')
      }
      left = { call: operator.text, operands: [left, this.expression(binding)] }
    }
    this.depth -= 1
    return left
  }

  private operand(): Parsed {
    const token = this.peek()
    this.next += 1
    const { kind, text } = token
    if (kind === 'number') return { value: numberIn(token) }
    if (kind === 'text') return { value: text.slice(1, -1) }
    if (kind === 'name') return { path: text.split('/') }
    if (kind === 'word' && !POWERS.has(text)) return this.call(token)
    if (kind === 'sign' && text === SELF) return { path: [SELF] }
    if (kind === 'sign' && text === '-') {
      return { call: 'negative', operands: [this.expression(UNARY)] }
    }
    if (kind === 'sign' && text === '(') {
      const inner = this.expression(0)
      this.expect(')')
      return inner
    }
    throw this.unexpected(token)
  }

  private call(token: Token): Parsed {
    const arity = ARITY.get(token.text)
    if (!arity) throw new ExpressionError(token.at, `没有函数“${token.text}”`)
    this.expect('(')
    const operands: Parsed[] = []
    const starts: number[] = []
    while (!operands.length || this.isSign(',')) {
      if (operands.length) this.next += 1
      else if (this.isSign(')')) break
      starts.push(this.peek().at)
      operands.push(this.expression(0))
    }
    this.expect(')')
    const [least, most] = arity
    if (operands.length < least || operands.length > most) {
      const wanted = least === most ? String(least) : `${least} 到 ${most}`
      throw new ExpressionError(token.at, `“${token.text}”要 ${wanted} 个值`)
    }
    return made(token.text, operands, starts)
  }
}

function numberIn({ text, at }: Token): number {
  const number = Number(text)
  if (!Number.isFinite(number)) throw new ExpressionError(at, '数太大')
  return number
}

function made(name: string, operands: Parsed[], starts: number[]): Parsed {
  if (name === 'true' || name === 'false') return { value: name === 'true' }
  if (name === 'now') return { path: [NOW] }
  if (name === 'today') return { call: name, operands: [{ path: [NOW] }] }
  if (name === 'regex') checkPattern(operands[1], starts[1] ?? 0)
  return { call: name, operands }
}

function checkPattern(pattern: Parsed | undefined, at: number): void {
  if (!pattern || !('value' in pattern) || typeof pattern.value !== 'string') {
    throw new ExpressionError(at, 'regex 的第二个值要直接写成文字')
  }
  try {
    compilePattern(pattern.value)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new ExpressionError(at + 1 + error.position, error.message)
  }
}

// Working out

function valueOf(node: Parsed, context: Context): Value {
  if ('value' in node) return node.value
  if ('path' in node) {
    const [first = '', ...rest] = node.path
    return rest.reduce(partOf, plain(Object.hasOwn(context, first) ? context[first] : null))
  }
  return FUNCTIONS[node.call]?.(...node.operands.map((each) => valueOf(each, context))) ?? ''
}

/** A JSON value as a value here: null is empty. */
export function plain(value: unknown): Value {
  if (typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return finite(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) return value as Row
  return ''
}

function partOf(value: Value, part: string): Value {
  if (Array.isArray(value)) {
    return value.map((each) => partOf(each, part)).filter((each) => !isEmpty(each))
  }
  if (typeof value === 'object') return plain(Object.hasOwn(value, part) ? value[part] : null)
  return ''
}

/** Whether there is no answer: no text, or an empty list. */
export function isEmpty(value: Value): boolean {
  return value === '' || (Array.isArray(value) && !value.length)
}

/** Not false, zero or empty. */
export function truth(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

/** A number, a truth as 1 or 0, or a text that is a plain decimal; else null. */
export function asNumber(value: Value): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^-?[0-9]+(\.[0-9]+)?$/.test(value)) return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** What `string()` and a note show; lists with commas. */
export function asText(value: Value): string {
  if (Array.isArray(value)) return value.map(asText).join(',')
  return typeof value === 'object' ? '' : String(value)
}

const MOMENT =
  /^([1-9][0-9]{3})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/

/** Milliseconds since 1970 of an RFC 3339 text with offset; null when it is none. */
export function moment(text: string): number | null {
  const match = MOMENT.exec(text)
  if (!match) return null
  const part = (n: number): number => Number(match[n] ?? 0)
  const [month, day] = [part(2), part(3)]
  if (part(4) > 23 || part(5) > 59 || part(6) > 59 || part(9) > 14 || part(10) > 59) return null
  const at = Date.UTC(part(1), month - 1, day, part(4), part(5), part(6))
  // Date.UTC rolls the 30th of February over to March.
  const date = new Date(at)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  const away = (part(9) * 60 + part(10)) * (match[8] === '-' ? -1 : 1)
  return at + Number((match[7] ?? '0').slice(0, 3).padEnd(3, '0')) - away * 60_000
}

function equal(a: Value, b: Value): boolean {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b)
  if (typeof a === 'boolean' || typeof b === 'boolean') return truth(a) === truth(b)
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, n) => equal(each, b[n] ?? ''))
  }
  if (typeof a === 'string' && typeof b === 'string') {
    const at = moment(a)
    return a === b || (at !== null && at === moment(b))
  }
  const number = asNumber(a)
  return number !== null && number === asNumber(b)
}

/** Below, at or above zero as `a` is before, at or after `b`; null when they have no order. */
function order(a: Value, b: Value): number | null {
  if (typeof a === 'string' && typeof b === 'string') {
    const [first, second] = [moment(a), moment(b)]
    if (first !== null && second !== null) return first - second
  }
  const [x, y] = [asNumber(a), asNumber(b)]
  if (x === null || y === null) return null
  return x === y ? 0 : x < y ? -1 : 1
}

const ordered =
  (check: (order: number) => boolean) =>
  (a: Value = '', b: Value = ''): Value => {
    const found = order(a, b)
    return found !== null && check(found)
  }

const arithmetic =
  (work: (a: number, b: number) => number) =>
  (a: Value = '', b: Value = ''): Value => {
    const [x, y] = [asNumber(a), asNumber(b)]
    return x === null || y === null ? '' : finite(work(x, y))
  }

const numeric =
  (work: (a: number) => number) =>
  (a: Value = ''): Value => {
    const number = asNumber(a)
    return number === null ? '' : finite(work(number))
  }

const finite = (number: number): Value => (Number.isFinite(number) ? number : '')

function members(value: Value): Value[] {
  return Array.isArray(value) ? value : value === '' ? [] : [value]
}

const TENS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

/** Halves away from zero, to 0..9 places. */
function round(value: Value, places: Value): Value {
  const [number, to] = [asNumber(value), asNumber(places)]
  const tens = to === null ? undefined : TENS[to]
  if (number === null || tens === undefined) return ''
  const scaled = Math.abs(number) * tens + 0.5
  return finite((Math.sign(number) * Math.floor(scaled)) / tens)
}

/** Midnight of the day of `now`, in its own offset. */
function today(now: Value): Value {
  if (typeof now !== 'string' || moment(now) === null) return ''
  return `${now.slice(0, 10)}T00:00:00${now.endsWith('Z') ? 'Z' : now.slice(-6)}`
}

const FUNCTIONS: Record<string, (...operands: Value[]) => Value> = {
  or: (a = '', b = '') => truth(a) || truth(b),
  and: (a = '', b = '') => truth(a) && truth(b),
  '=': (a = '', b = '') => equal(a, b),
  '!=': (a = '', b = '') => !equal(a, b),
  '<': ordered((found) => found < 0),
  '<=': ordered((found) => found <= 0),
  '>': ordered((found) => found > 0),
  '>=': ordered((found) => found >= 0),
  '+': arithmetic((a, b) => a + b),
  '-': arithmetic((a, b) => a - b),
  '*': arithmetic((a, b) => a * b),
  div: arithmetic((a, b) => a / b),
  mod: arithmetic((a, b) => a % b),
  negative: numeric((a) => -a),
  not: (a = '') => !truth(a),
  if: (condition = '', yes = '', no = '') => (truth(condition) ? yes : no),
  coalesce: (...values) => values.find((value) => !isEmpty(value)) ?? '',
  concat: (...parts) => parts.map(asText).join(''),
  selected: (chosen = '', code = '') => members(chosen).some((each) => equal(each, code)),
  'count-selected': (chosen = '') => members(chosen).length,
  count: (rows = '') => members(rows).length,
  sum: (list = '') => finite(members(list).reduce((sum: number, n) => sum + (asNumber(n) ?? 0), 0)),
  'string-length': (text = '') => length(asText(text)),
  contains: (text = '', part = '') => asText(text).includes(asText(part)),
  'starts-with': (text = '', start = '') => asText(text).startsWith(asText(start)),
  regex: (text = '', pattern = '') => matches(asText(pattern), asText(text)),
  round: (value = '', places = '') => round(value, places),
  int: numeric(Math.trunc),
  number: numeric((a) => a),
  string: (value = '') => asText(value),
  today: (now = '') => today(now),
}
