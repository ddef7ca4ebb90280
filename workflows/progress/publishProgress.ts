import {
  defineQuery,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  type SearchAttributes,
} from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../../src/contract/names';

/** How the progress of a workflow is shown to a person. */
export interface ProgressView<P> {
  /** The current details of the run in the Web UI, in Temporal's Markdown. */
  readonly describe: (progress: P) => string;
  /** Search attributes for the list page; a workflow without this function has none. */
  readonly searchAttributesOf?: (progress: P) => SearchAttributes;
}

/** Answers the query `progress` with what `read` returns at the time of the query. */
export function answerProgressQuery(read: () => object): void {
  setHandler(defineQuery<object>(PROGRESS_QUERY), read);
}

/**
 * A function that publishes progress as current details and search attributes. Each upsert of search attributes is an
 * event in the history, so they are upserted only when one of them has changed.
 */
export function progressPublisher<P>({
  describe,
  searchAttributesOf,
}: ProgressView<P>): (progress: P) => void {
  let upserted = '';
  return (progress) => {
    setCurrentDetails(describe(progress));
    if (!searchAttributesOf) return;
    const attributes = searchAttributesOf(progress);
    const text = JSON.stringify(attributes);
    if (text !== upserted) upsertSearchAttributes(attributes);
    upserted = text;
  };
}
