import type { Answers, Context } from '@xunge/rules'
import type { InjectionKey, Ref } from 'vue'
import type { Shot } from './shots'

/** What the parts of one shown form share. */
export interface FormState {
  context: Readonly<Ref<Context>>
  /** Photos, recordings and files of the whole form and of what it belongs to. */
  shots: Ref<Shot[]>
  /** What is wrong at a path, once a person has been there or has tried to send. */
  faultAt: (path: string) => string | undefined
  touch: (path: string) => void
}

export const FORM = Symbol('form') as InjectionKey<FormState>

const CITY_OFFSET_MS = 8 * 60 * 60_000

/** The time as expressions read it: in the city's own offset, so that a day is the city's day. */
export function cityNow(now: number): string {
  return `${new Date(now + CITY_OFFSET_MS).toISOString().slice(0, 19)}+08:00`
}

/** The answers with one changed; an empty one is no answer. */
export function withAnswer(answers: Answers, name: string, value: unknown): Answers {
  const rest = Object.fromEntries(Object.entries(answers).filter(([each]) => each !== name))
  const empty = value === null || value === undefined || value === ''
  return empty || (Array.isArray(value) && !value.length) ? rest : { ...rest, [name]: value }
}

/** The shots that the answers speak of, and those that belong to no form. */
export function shotsIn(answers: Answers, shots: readonly Shot[]): Shot[] {
  const named = new Set<unknown>()
  const waiting: unknown[] = [answers]
  while (waiting.length) {
    const value = waiting.pop()
    if (typeof value === 'object' && value !== null) waiting.push(...(Object.values(value) as []))
    else named.add(value)
  }
  return shots.filter(({ id, role }) => role !== 'form' || named.has(id))
}
