/** What the parts of a case are called. */
import type { cases } from '@xunge/types'

export const kindNames: Record<cases.Assignment['kind'], string> = {
  main: '主办',
  assist: '协办',
  copy: '抄送',
  help: '协助',
}

export const requestNames: Record<cases.Request['kind'], string> = {
  extension: '延期申请',
  return: '回退申请',
  suspension: '挂账申请',
  void: '作废申请',
  help: '协助申请',
}

export const requestStates: Record<cases.Request['state'], string> = {
  open: '待审批',
  granted: '已同意',
  refused: '未同意',
  withdrawn: '已撤回',
}

export const wordNames: Record<cases.Word['verdict'], string> = {
  granted: '同意',
  refused: '不同意',
  passed_up: '报上级',
}

export const directiveNames: Record<cases.Directive['kind'], string> = {
  supervise: '督办',
  instruct: '批示',
  urge: '催办',
}

export const supervisionNames: Record<NonNullable<cases.Case['supervision']>, string> = {
  near: '待督办',
  supervised: '已督办',
  overdue: '超期未办',
  circulated: '已通报',
}

/** In order: a case keeps the place, from 0. */
export const severityNames: Record<NonNullable<cases.Filters['severity']>, string> = {
  general: '一般',
  serious: '较大',
  major: '重大',
  extreme: '特别重大',
}

export const callBackNames: Record<cases.CallBack['state'], string> = {
  wanted: '待回访',
  done: '已回访',
  unwanted: '不需回访',
}

/** Where an org's part stands; one that nobody has signed for is still to be taken up. */
export function partState(part: Pick<cases.Assignment, 'state' | 'holder' | 'kind'>): string {
  if (part.state === 'answered') return '已办结'
  if (part.state === 'withdrawn') return '已撤回'
  if (part.state === 'returned') return '已退回'
  if (part.kind === 'copy') return part.holder ? '已阅' : '待阅'
  return part.holder ? '办理中' : '待签收'
}
