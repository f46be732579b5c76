/** One way for own metrics to leave, under way. */
export interface Reader {
  shutdown(): Promise<void>;
}
