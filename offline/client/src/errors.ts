/** The server said no. `code` is for programs, `message` is Chinese for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** No answer that counts: try again later, after `retry_after_ms` if the server said so. */
export class Unavailable extends Error {
  constructor(
    message: string,
    readonly retry_after_ms: number | null = null,
    /** What was answered instead; null when nothing was. */
    readonly status: number | null = null,
  ) {
    super(message)
    this.name = 'Unavailable'
  }
}

/** The device itself cannot do it. */
export class DeviceError extends Error {
  constructor(
    readonly code:
      | 'signed_out'
      | 'storage_full'
      | 'unknown_item'
      | 'not_refused'
      | 'no_bytes'
      | 'locked'
      | 'wrong_pin'
      | 'pin_spent'
      | 'too_many'
      | 'nothing_unsent'
      | 'bad_parcel',
    message: string,
  ) {
    super(message)
    this.name = 'DeviceError'
  }
}

export const words = {
  offline: '没有网络，恢复后自动发送',
  slow: '网络太慢，稍后自动重试',
  intercepted: '网络被拦截（可能要先登录上网认证），稍后自动重试',
  busy: (status: number) => `服务器暂时不可用（${status}），稍后自动重试`,
  expired: '登录已过期，重新登录后自动发送',
  clash: '同一编号已有不同内容的记录，请核对后更正重发',
  waiting: '等待前一条记录先送达',
  broken: '照片传输有误，将重新上传',
  wifi: '等待无线网络',
  full: '手机存储空间不足，填写的内容留在草稿里。请先连上网络把照片发出去，或清理手机空间，再提交一次',
  no_room:
    '手机存储快满了，暂时不能添加照片；不带照片仍可提交。请先连上网络把照片发出去，或清理手机空间',
} as const
