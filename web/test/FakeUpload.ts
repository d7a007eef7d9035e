/** Stands in for XMLHttpRequest: the test decides when bytes leave and what comes back. */
export class FakeUpload extends EventTarget {
  static last: FakeUpload | null = null
  readonly upload = new EventTarget()
  method = ''
  url = ''
  form: FormData | null = null
  status = 0
  responseText = ''

  open(method: string, url: string): void {
    this.method = method
    this.url = url
    FakeUpload.last = this
  }

  setRequestHeader(): void {}

  getResponseHeader(): string | null {
    return null
  }

  send(form: FormData): void {
    this.form = form
  }

  progress(loaded: number, total: number): void {
    this.upload.dispatchEvent(new ProgressEvent('progress', { lengthComputable: true, loaded, total }))
  }

  answer(status: number, body: unknown): void {
    this.status = status
    this.responseText = JSON.stringify(body)
    this.dispatchEvent(new Event('load'))
  }
}
