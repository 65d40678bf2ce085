import type { cases } from '@xunge/types'

export type MediaRole = cases.MediaRef['role']
export type PhotoRole = Exclude<MediaRole, 'audio'>

/** A photo or recording taken here: its bytes lie in the device's media store under `id`. */
export type Shot = cases.MediaRef

export const roleNames: Record<PhotoRole, string> = {
  near: '近景',
  far: '远景',
  reference: '参照物',
  before: '处置前',
  after: '处置后',
  evidence: '现场',
  form: '表单',
}

const allRoles = Object.keys(roleNames) as PhotoRole[]

export function isPhotoRole(role: string): role is PhotoRole {
  return (allRoles as string[]).includes(role)
}
