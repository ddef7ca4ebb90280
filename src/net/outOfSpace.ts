/** How servers say that a disk, a volume or a quota is full, where they have no code for it. */
const OUT_OF_SPACE =
  /no space left on device|\benospc\b|\bedquot\b|disk (is )?full|out of disk space|(disk|space|storage|bucket) quota( is| was)? exceeded|over your space quota|(not enough|insufficient) (free )?(disk |storage )?space|storage (backend )?has reached its minimum free/i;

/** True for the message of a server whose disk or quota is full: waiting helps, because an operator can add space. */
export function saysOutOfSpace(message: string): boolean {
  return OUT_OF_SPACE.test(message);
}
