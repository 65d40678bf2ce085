/** What one answer may be, by the kind of its field. Twin: backend/catalogue/forms/kinds.py. */

import type { catalogue } from '@xunge/types'
import { asText, length, moment } from './expressions'

type Field = catalogue.Field
export interface Fault {
  code: string
  /** What is wrong: a sentence that follows the field's name. */
  message: string
}

/** What answers may name. Undefined: not known here, and not checked. */
export interface References {
  media?: ReadonlySet<string>
  orgs?: ReadonlySet<string>
  people?: ReadonlySet<string>
}

export const MOST_CHARACTERS = 2000
export const MOST_MEDIA = 9
const LARGEST = 1e15

export const isUnanswered = ({ kind }: Field): boolean => kind === 'note' || kind === 'calculated'
export const isMedia = ({ kind }: Field): boolean => ['photo', 'audio', 'file'].includes(kind)

/** A text without the blanks around it; null and what holds nothing as empty text. */
export function tidied(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replace(/^[ \t\r\n\u3000]+/, '').replace(/[ \t\r\n\u3000]+$/, '')
  }
  return value === null || value === undefined || (Array.isArray(value) && !value.length)
    ? ''
    : value
}

/** Why a tidied answer that is not empty does not fit its field; null when it does. */
export function kindFault(field: Field, value: unknown, references: References): Fault | null {
  switch (field.kind) {
    case 'text':
      return text(field, value)
    case 'number':
      return number(field, value)
    case 'datetime':
      return typeof value === 'string' && moment(value) !== null
        ? null
        : fault('wrong_kind', '应填日期和时间')
    case 'choice':
      return field.choices.some(({ code }) => code === value) ? null : notAChoice
    case 'choices':
      return choices(field, value)
    case 'cascade':
      return cascade(field, value)
    case 'photo':
    case 'audio':
    case 'file':
      return media(field, value, references)
    case 'position':
      return isPosition(value) ? null : fault('wrong_kind', '应是一个位置')
    case 'person':
      return named(value, UUID, references.people, '没有这个人员，请重新选择')
    case 'org':
      return named(value, ANY, references.orgs, '没有这个单位，请重新选择')
    default:
      return null
  }
}

const fault = (code: string, message: string): Fault => ({ code, message })
const notAChoice = fault('not_a_choice', '请从列表中选择')

function text({ minimum, maximum }: Field, value: unknown): Fault | null {
  if (typeof value !== 'string') return fault('wrong_kind', '应填文字')
  const most = Math.min(MOST_CHARACTERS, maximum ?? MOST_CHARACTERS)
  const count = length(value)
  if (count > most) return fault('too_large', `最多 ${asText(most)} 字`)
  if (minimum !== null && count < minimum) {
    return fault('too_small', `至少 ${asText(minimum)} 字`)
  }
  return null
}

function number({ minimum, maximum }: Field, value: unknown): Fault | null {
  if (typeof value !== 'number' || !(Math.abs(value) <= LARGEST)) {
    return fault('wrong_kind', '应填数字')
  }
  if (minimum !== null && value < minimum) {
    return fault('too_small', `不能小于 ${asText(minimum)}`)
  }
  if (maximum !== null && value > maximum) {
    return fault('too_large', `不能大于 ${asText(maximum)}`)
  }
  return null
}

function choices(field: Field, value: unknown): Fault | null {
  const codes = new Set(field.choices.map(({ code }) => code))
  if (!isDistinct(value) || !value.every((code) => codes.has(code))) return notAChoice
  return howMany(field, value, null, '项')
}

function cascade(field: Field, value: unknown): Fault | null {
  if (!isDistinct(value)) return notAChoice
  const parents = new Map(field.choices.map(({ code, parent }) => [code, parent]))
  let before: string | null = null
  for (const code of value) {
    if (parents.get(code) !== before) return notAChoice
    before = code
  }
  const isLeaf = ![...parents.values()].includes(before)
  return isLeaf ? null : fault('not_a_choice', '请选到最后一级')
}

function media(field: Field, value: unknown, references: References): Fault | null {
  if (!isDistinct(value)) return fault('wrong_kind', '应是附件')
  if (references.media && !value.every((id) => references.media?.has(id))) {
    return fault('unknown_media', '有附件没有随本次提交，请重新添加')
  }
  return howMany(field, value, MOST_MEDIA, '个')
}

const POSITION = new Set(['longitude', 'latitude', 'accuracy_m', 'source', 'datum'])

function isPosition(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const given = value as Record<string, unknown>
  const { longitude, latitude, accuracy_m = null, source = 'gps', datum = 'WGS-84' } = given
  return (
    Object.keys(given).every((key) => POSITION.has(key)) &&
    within(longitude, 180) &&
    within(latitude, 90) &&
    (accuracy_m === null || (typeof accuracy_m === 'number' && accuracy_m >= 0)) &&
    ['gps', 'network', 'manual', 'exif'].includes(source as string) &&
    ['WGS-84', 'GCJ-02', 'BD-09'].includes(datum as string)
  )
}

const within = (value: unknown, most: number): boolean =>
  typeof value === 'number' && Math.abs(value) <= most

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const ANY = /^[^\n]{1,64}$/u

function named(
  value: unknown,
  shape: RegExp,
  among: ReadonlySet<string> | undefined,
  message: string,
): Fault | null {
  const fits = typeof value === 'string' && shape.test(value) && (!among || among.has(value))
  return fits ? null : fault('unknown_reference', message)
}

function isDistinct(value: unknown): value is string[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) return false
  return new Set(value).size === value.length
}

function howMany(
  { minimum, maximum }: Field,
  value: string[],
  most: number | null,
  unit: string,
): Fault | null {
  const highest = maximum ?? most
  if (highest !== null && value.length > highest) {
    return fault('too_large', `最多 ${asText(highest)} ${unit}`)
  }
  if (minimum !== null && value.length < minimum) {
    return fault('too_small', `至少 ${asText(minimum)} ${unit}`)
  }
  return null
}
