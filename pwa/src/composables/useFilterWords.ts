import { computed, type Ref } from 'vue'
import { sourceNames } from '@/lib/caseApi'
import { callBackNames, severityNames, supervisionNames } from '@/lib/caseWords'
import { dayBefore } from '@/lib/days'
import {
  flagNames,
  lampNames,
  mineNames,
  periodNames,
  scopeNames,
  stageNames,
} from '@/lib/filterNames'
import { narrowed, narrowing, type CaseFilters, type FilterName } from '@/lib/filters'
import { readShape, shapeText } from '@/lib/shapes'
import { cityDay } from '@/lib/time'
import { useReference } from './useReference'

export interface FilterWord {
  key: string
  text: string
  /** The filters once this one is taken off. */
  without: CaseFilters
}

type Given = Required<CaseFilters>

/** What a list is narrowed to, each condition in words; several values of one each by themselves. */
export function useFilterWords(filters: Ref<CaseFilters>) {
  const { categoryName, areaName, orgName, userName, stateName, label, flow } = useReference()

  const words: { [Name in FilterName]?: (value: Given[Name]) => string } = {
    number: (value) => `编号含 ${value}`,
    category: categoryName,
    flow: (code) => flow(code)?.name ?? code,
    stage: (value) => `${stageNames[value]}阶段`,
    lamp: (value) => `灯牌：${lampNames[value]}`,
    area: areaName,
    grid: areaName,
    org: (code) => `参与：${orgName(code)}`,
    main_org: (code) => `主办：${orgName(code)}`,
    scope: (value) => scopeNames[value],
    mine: (value) => mineNames[value],
    reported_within: (value) => `${periodNames[value]}上报`,
    reported_since: (value) => `上报从 ${day(value)}`,
    reported_until: (value) => `上报到 ${day(dayBefore(value))}`,
    ended_since: (value) => `办结从 ${day(value)}`,
    ended_until: (value) => `办结到 ${day(dayBefore(value))}`,
    reporter: (id) => `上报人：${userName(id)}`,
    label: (code) => `标签：${label(code)?.name ?? code}`,
    ended: (yes) => flagNames.ended[yes ? 0 : 1],
    urgent: (yes) => flagNames.urgent[yes ? 0 : 1],
    severity: (value) => `${severityNames[value]}等级`,
    suspended: (yes) => flagNames.suspended[yes ? 0 : 1],
    sensitive: (yes) => flagNames.sensitive[yes ? 0 : 1],
    supervision: (value) => supervisionNames[value],
    call_back: (value) => callBackNames[value],
    shape: (text) => {
      const shape = readShape(text)
      return shape ? shapeText(shape) : '地图范围'
    },
  }

  return computed<FilterWord[]>(() =>
    narrowing(filters.value).flatMap((name) => {
      if (name === 'source') return several(name, (code) => sourceNames[code] ?? code)
      if (name === 'state') return several(name, (code) => stateName(code))
      const say = words[name] as ((value: unknown) => string) | undefined
      const text = say?.(filters.value[name]) ?? name
      return [{ key: name, text, without: narrowed(filters.value, { [name]: undefined }) }]
    }),
  )

  function several(name: 'source' | 'state', say: (code: string) => string): FilterWord[] {
    const codes = filters.value[name] ?? []
    return codes.map((code) => ({
      key: `${name} ${code}`,
      text: say(code),
      without: narrowed(filters.value, { [name]: codes.filter((each) => each !== code) }),
    }))
  }
}

function day(at: string): string {
  const [, month, date] = cityDay(at).split('-').map(Number)
  return `${month}月${date}日`
}
