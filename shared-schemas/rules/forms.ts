/**
 * A filled form worked out: what is visible, every value, every fault, and what is kept. Twin:
 * backend/catalogue/forms/{filling,checking}.py.
 */

import type { catalogue } from '@xunge/types'
import { asText, type Context, evaluate, holds, isEmpty, type Value } from './expressions'
import { type Fault, isUnanswered, kindFault, type References, tidied } from './formKinds'
import { type FormItem, ordered, type Step } from './formOrder'

export type Answers = Record<string, unknown>
export interface Reason {
  code: string
  message: string
  field: string
}

const MOST_VALUES = 2000

/** The whole form, or one row of a repeat: what was answered in it, and what that comes to. */
export class Frame {
  readonly values: Answers = {}
  readonly hidden = new Set<string>()
  readonly groups = new Map<string, Answers>()
  readonly rows = new Map<string, Frame[]>()

  constructor(
    readonly raw: Answers,
    private readonly context: Context,
    readonly outer: readonly Frame[] = [],
  ) {}

  /** What an expression here may read: this row's values hide those around it. */
  scope(self?: unknown): Context {
    const around = this.outer.map(({ values }) => values).reverse()
    const own = self === undefined ? {} : { '.': self }
    return Object.assign({}, this.context, ...around, this.values, own) as Context
  }

  row(raw: Answers): Frame {
    return new Frame(raw, this.context, [this, ...this.outer])
  }
}

/** The form as it stands. Answers that are hidden or of a wrong kind count as not given. */
export function workOut(items: readonly FormItem[], answers: Answers, context: Context): Frame {
  const root = new Frame(answers, context)
  const frames = new Map<string | null, Frame[]>([[null, [root]]])
  for (const step of ordered(items)) {
    const opened = (frames.get(step.repeat) ?? []).flatMap((frame) => take(step, frame))
    if (step.item.type === 'repeat' && !step.closing) frames.set(step.item.name, opened)
  }
  return root
}

/** Works one item out in one frame; the rows when that opens some. */
function take({ item, groups, closing }: Step, frame: Frame): Frame[] {
  if (closing) {
    frame.values[item.name] = frame.rows.get(item.name)?.map(({ values }) => values) ?? []
    return []
  }
  const shown =
    !groups.some((group) => frame.hidden.has(group)) &&
    (!item.visible || holds(item.visible, frame.scope()))
  if (!shown) frame.hidden.add(item.name)
  const around = groups.at(-1)
  const holder = around === undefined ? frame.raw : (frame.groups.get(around) ?? {})
  const raw = shown ? own(holder, item.name) : null
  if (item.type === 'field') keep(item, raw, frame, shown)
  if (item.type === 'group') frame.groups.set(item.name, isDict(raw) ? raw : {})
  if (item.type !== 'repeat') return []
  const rows = rowsOf(raw).map((row) => frame.row(row))
  frame.rows.set(item.name, rows)
  return rows
}

const isDict = (value: unknown): value is Answers =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const own = (holder: Answers, name: string): unknown =>
  Object.hasOwn(holder, name) ? holder[name] : null

const rowsOf = (raw: unknown): Answers[] =>
  Array.isArray(raw) ? raw.map((row) => (isDict(row) ? row : {})) : []

function keep(field: catalogue.Field, raw: unknown, frame: Frame, shown: boolean): void {
  let value: unknown = ''
  if (shown && field.kind === 'calculated') {
    value = evaluate(field.calculation, frame.scope())
    if (typeof value === 'object') value = asText(value as Value)
  } else if (shown && !isUnanswered(field)) {
    const given = tidied(raw)
    if (given !== '' && !kindFault(field, given, {})) value = given
  }
  frame.values[field.name] = value
  if (value === '') return
  for (const { values } of frame.outer) {
    values[field.name] = [...((values[field.name] as unknown[] | undefined) ?? []), value]
  }
}

/** What is stored: visible answers without blanks, and calculated values. */
export function cleanAnswers(
  items: readonly FormItem[],
  answers: Answers,
  context: Context,
): Answers {
  return kept(items, workOut(items, answers, context))
}

function kept(items: readonly FormItem[], frame: Frame): Answers {
  const found = items
    .filter(({ name }) => !frame.hidden.has(name))
    .map((item): [string, unknown] => [item.name, keptOf(item, frame)])
  return Object.fromEntries(found.filter(([, value]) => !isNothing(value)))
}

function keptOf(item: FormItem, frame: Frame): unknown {
  if (item.type === 'group') return kept(item.items, frame)
  if (item.type === 'field') return frame.values[item.name]
  return frame.rows.get(item.name)?.map((row) => kept(item.items, row))
}

const isNothing = (value: unknown): boolean =>
  isEmpty(value as Value) || (isDict(value) && !Object.keys(value).length)

/** Everything wrong with the answers, in the form's order, each with the path of its field. */
export function formFaults(
  items: readonly FormItem[],
  answers: Answers,
  context: Context,
  references: References = {},
  path = 'payload.answers',
): Reason[] {
  if (count(answers) > MOST_VALUES) {
    return [{ code: 'too_large', message: `填写内容太多：最多 ${MOST_VALUES} 项`, field: path }]
  }
  const frame = workOut(items, answers, context)
  return new Check(references).items(items, answers, frame, path, '')
}

function count(answers: Answers): number {
  let found = 0
  const waiting: unknown[] = [answers]
  while (waiting.length && found <= MOST_VALUES) {
    const value = waiting.pop()
    found += 1
    if (typeof value === 'object' && value !== null) waiting.push(...(Object.values(value) as []))
  }
  return found
}

/** Walks a form beside what was answered. */
class Check {
  constructor(private readonly references: References) {}

  items(
    items: readonly FormItem[],
    raw: Answers,
    frame: Frame,
    path: string,
    where: string,
  ): Reason[] {
    const known = new Set(items.map(({ name }) => name))
    const unknown = Object.keys(raw)
      .filter((name) => !known.has(name))
      .map((name) => Array.from(name).slice(0, 32).join(''))
      .map((name) => ({
        code: 'unknown_field',
        message: `表单里没有“${name}”这一项`,
        field: `${path}.${name}`,
      }))
    const found = items
      .filter(({ name }) => !frame.hidden.has(name))
      .flatMap((item) => this.item(item, own(raw, item.name), frame, `${path}.${item.name}`, where))
    return [...unknown, ...found]
  }

  private item(
    item: FormItem,
    given: unknown,
    frame: Frame,
    path: string,
    where: string,
  ): Reason[] {
    if (item.type === 'repeat') return this.repeat(item, given, frame, path, where)
    const reason = ({ code, message }: Fault): Reason[] => [
      { code, message: `${where}“${item.label}”${message}`, field: path },
    ]
    if (item.type === 'field') {
      const fault = isUnanswered(item) ? null : this.field(item, tidied(given), frame)
      return fault ? reason(fault) : []
    }
    if (given !== null && given !== undefined && !isDict(given)) {
      return reason({ code: 'wrong_kind', message: '的内容不对' })
    }
    return this.items(item.items, given ?? {}, frame, path, where)
  }

  private field(field: catalogue.Field, value: unknown, frame: Frame): Fault | null {
    if (value === '') {
      const required = field.required !== '' && holds(field.required, frame.scope())
      return required ? { code: 'required', message: '还没有填' } : null
    }
    const fault = kindFault(field, value, this.references)
    if (fault || !field.constraint || holds(field.constraint, frame.scope(value))) return fault
    return { code: 'constraint', message: `：${field.constraint_message || '不符合要求'}` }
  }

  private repeat(
    { name, label, items, minimum, maximum }: catalogue.Repeat,
    given: unknown,
    frame: Frame,
    path: string,
    where: string,
  ): Reason[] {
    const rows = frame.rows.get(name) ?? []
    const reason = (code: string, message: string): Reason => ({
      code,
      message: `${where}“${label}”${message}`,
      field: path,
    })
    const whole = given === null || given === undefined || Array.isArray(given)
    if (!whole || (Array.isArray(given) && !given.every(isDict))) {
      return [reason('wrong_kind', '的内容不对')]
    }
    return [
      ...(rows.length < minimum ? [reason('too_small', `至少 ${minimum} 项`)] : []),
      ...(rows.length > maximum ? [reason('too_large', `最多 ${maximum} 项`)] : []),
      ...rows.flatMap((row, n) => {
        const within = `${where}${label}第 ${n + 1} 项`
        return this.items(items, row.raw, row, `${path}[${n}]`, within)
      }),
    ]
  }
}

/** What a form, or a new row of a repeat, begins with: defaults, and the rows there must be. */
export function blankAnswers(items: readonly FormItem[], context: Context): Answers {
  const answers: Answers = {}
  const known: Record<string, unknown> = { ...context }
  for (const item of items) {
    if (item.type === 'group') {
      const inner = blankAnswers(item.items, known)
      if (Object.keys(inner).length) answers[item.name] = inner
      Object.assign(known, inner)
    } else if (item.type === 'repeat') {
      const rows = Array.from({ length: item.minimum }, () => blankAnswers(item.items, known))
      if (rows.length) answers[item.name] = rows
    } else if (item.default) {
      const value = evaluate(item.default, known)
      if (!isEmpty(value) && !kindFault(item, value, {})) answers[item.name] = value
      known[item.name] = answers[item.name]
    }
  }
  return answers
}
