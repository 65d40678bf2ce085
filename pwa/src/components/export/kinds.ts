import type { Export } from '@/composables/useExports'

/** The files one may ask for, the most usual first. */
export const kinds: readonly { code: Export['kind']; name: string; hint: string }[] = [
  { code: 'xlsx', name: '表格', hint: 'Excel，每件一行；最多 20,000 件' },
  { code: 'xlsx_pictures', name: '表格，带照片', hint: 'Excel，照片在行内；最多 1,000 件' },
  { code: 'pdf', name: '信息单', hint: 'PDF，每件一份：信息、位置、照片；最多 300 件' },
  { code: 'pdf_process', name: '办理单', hint: 'PDF，另有全部办理过程；最多 300 件' },
]

export const kindName = (code: Export['kind']): string =>
  kinds.find((kind) => kind.code === code)?.name ?? code

/** 512 KB, 3.4 MB. */
export function sizeText(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
