// What every view is given.
import type { Parameters } from "./address";
import type { Status } from "./model";

export interface View {
  parameters: Parameters;
  detail: string;
  live: boolean; // ask again by itself
  status: Status | null;
}
