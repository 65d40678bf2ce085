/** People and rooms as screens show them: their fields, names for codes, and what is wrong. */

import { numberFault, vocabulary } from '@xunge/rules'
import type { commands, registry } from '@xunge/types'
import type { SaidOfRecord } from './commands'

export type RecordKind = commands.SettleDispute['kind']
export type Value = registry.Candidate['value']
export type Values = Record<string, Value>
export type Dispute = registry.Dispute

export interface RecordField {
  field: string
  label: string
  input: 'text' | 'tel' | 'date' | 'number' | 'code' | 'room' | 'grid'
  codes?: Record<string, string>
  required?: true
  /** Masked unless the post may see it. */
  personal?: true
}

export const fields: Record<RecordKind, readonly RecordField[]> = {
  person: [
    { field: 'name', label: '姓名', input: 'text', required: true, personal: true },
    { field: 'id_type', label: '证件类型', input: 'code', codes: vocabulary.id_type },
    { field: 'number', label: '证件号码', input: 'text', personal: true },
    { field: 'sex', label: '性别', input: 'code', codes: vocabulary.sex },
    { field: 'birth', label: '出生日期', input: 'date', personal: true },
    { field: 'ethnicity', label: '民族', input: 'code', codes: vocabulary.ethnicity },
    { field: 'phone', label: '电话', input: 'tel', personal: true },
    { field: 'kind', label: '人口类别', input: 'code', codes: vocabulary.person_kind },
    { field: 'domicile', label: '户籍地址', input: 'text', personal: true },
    { field: 'room', label: '房屋', input: 'room', required: true },
  ],
  room: [
    { field: 'address', label: '地址', input: 'text', required: true },
    { field: 'building', label: '楼栋', input: 'text' },
    { field: 'unit', label: '单元', input: 'text' },
    { field: 'floor', label: '楼层', input: 'number' },
    { field: 'number', label: '门牌号', input: 'text' },
    { field: 'grid', label: '网格', input: 'grid', required: true },
    { field: 'use', label: '房屋用途', input: 'code', codes: vocabulary.room_use },
    { field: 'occupancy', label: '居住状态', input: 'code', codes: vocabulary.occupancy },
  ],
}

export const recordNames: Record<RecordKind, string> = { person: '人员', room: '房屋' }
export const sourceNames: Record<registry.FieldChange['source'], string> = {
  record: '登记',
  edit: '修改',
  settle: '核定',
}

export function fieldOf(kind: RecordKind, field: string): RecordField | undefined {
  return fields[kind].find((each) => each.field === field)
}

/** A record with what this device has said of it and the service has not given back yet. */
export interface Shown {
  kind: RecordKind
  id: string
  /** What the author of an edit has before their eyes; 0: only recorded here so far. */
  version: number
  values: Values
  disputes: Dispute[]
  /** Fields that hold something not yet delivered. */
  pending: ReadonlySet<string>
  /** My commands that an edit stands on. */
  after: string[]
  /** Whether personal values are whole. */
  whole: boolean
}

/** A command of mine about a record, in the order they were made. */
export interface Mine {
  id: string
  said: SaidOfRecord
  delivered: boolean
  /** The record's version after it; null until it is accepted. */
  version: number | null
}

type Document = registry.PersonDocument | registry.RoomDocument

const BESIDES = new Set(['id', 'version', 'county', 'area_path', 'disputes'])

export function shownOf(
  kind: RecordKind,
  id: string,
  document: Document | undefined,
  full: registry.PersonFull | null | undefined,
  mine: readonly Mine[],
): Shown {
  const version = document?.version ?? 0
  const values: Values = {}
  const known = fields[kind].map(({ field }) => field)
  const take = (from: object | null | undefined) => {
    for (const [field, value] of Object.entries(from ?? {})) {
      if (!BESIDES.has(field) && known.includes(field)) values[field] = value as Value
    }
  }
  take(document)
  const whole = full?.version === version ? full : null
  take(whole)
  const pending = new Set<string>()
  const after: string[] = []
  for (const each of mine) {
    if (each.version !== null && each.version <= version) continue
    Object.assign(values, each.said.values)
    after.push(each.id)
    if (!each.delivered) for (const field of Object.keys(each.said.values)) pending.add(field)
  }
  const unmasked = new Map(whole?.disputes.map((each) => [each.field, each]))
  const disputes = (document?.disputes ?? []).map((each) => unmasked.get(each.field) ?? each)
  return { kind, id, version, values, disputes, pending, after, whole: whole !== null }
}

const NUMBER_FAULTS: Record<string, string> = {
  length: '身份证号码应为 18 位',
  character: '只能是数字，最后一位可以是 X',
  birth_date: '号码里的出生日期不存在',
  check_digit: '校验位不对，请核对',
}
const PHONE = /^\+?[0-9][0-9 -]{2,19}$/

/** What is wrong with the values of a form, by field. `today` is YYYY-MM-DD. */
export function faultsOf(
  kind: RecordKind,
  values: Values,
  changed: ReadonlySet<string>,
  today: string,
): Map<string, string> {
  const faults = new Map<string, string>()
  for (const { field, label, required } of fields[kind]) {
    if (required && !String(values[field] ?? '').trim()) faults.set(field, `请填写${label}`)
  }
  if (kind === 'room') return faults
  const { number, id_type, phone, birth } = values
  const resident =
    id_type === '111' || id_type === '112' || (!id_type && textOf(number).length > 17)
  if (changed.has('number') && number && resident) {
    const fault = NUMBER_FAULTS[numberFault(tidied('number', number), today) ?? '']
    if (fault) faults.set('number', fault)
  }
  if (changed.has('phone') && phone && !PHONE.test(textOf(phone).trim())) {
    faults.set('phone', '电话只能是数字、空格和 -')
  }
  if (changed.has('birth') && birth && textOf(birth) > today) {
    faults.set('birth', '出生日期不能在今天之后')
  }
  return faults
}

/** A value as it is sent: no spaces around, a number in capitals, nothing for an empty text. */
export function tidy(field: string, value: Value): Value {
  return typeof value === 'string' ? tidied(field, value) || null : value
}

function tidied(field: string, value: Value): string {
  const text = textOf(value).trim()
  return field === 'number' ? text.toUpperCase() : text
}

function textOf(value: Value | undefined): string {
  return value === null || value === undefined ? '' : String(value)
}

/** A room's whole address in one line. */
export function roomText(values: Values): string {
  return ['address', 'building', 'unit', 'number']
    .map((field) => values[field])
    .filter(Boolean)
    .join(' ')
}
