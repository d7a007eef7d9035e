/** The part of the package that we use; it comes without types. */
declare module 'qrcode' {
  /** A PNG as a data URL. */
  export function toDataURL(text: string, options?: { margin?: number; width?: number }): Promise<string>
}
