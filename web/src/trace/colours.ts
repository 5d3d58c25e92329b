// A colour per service, the same in the whole trace. Style sheets hold the colours, for dark and light.
const COLOURS = 8;

export function colourOf(services: string[], service: string | undefined): string {
  const at = service ? services.indexOf(service) : -1;
  return at < 0 ? "service-none" : `service-${(at % COLOURS) + 1}`;
}
