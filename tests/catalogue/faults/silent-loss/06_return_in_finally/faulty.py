import logging
import time

import psycopg2

log = logging.getLogger("shop.reviews")


class ReviewQueue(object):
    """Moderators approve or hide reviews, many at a time."""

    def __init__(self, dsn):
        self.dsn = dsn

    def _set(self, approved, review_ids):
        started = time.monotonic()
        conn = psycopg2.connect(self.dsn)
        try:
            cur = conn.cursor()
            cur.execute("UPDATE reviews SET approved = %s WHERE id = ANY(%s)", (approved, list(review_ids)))
            conn.commit()
        finally:
            conn.close()
            elapsed = time.monotonic() - started
            log.info("%d reviews in %.3f s", len(review_ids), elapsed)
            return elapsed

    def approve(self, review_ids):
        return self._set(True, review_ids)

    def hide(self, review_ids):
        return self._set(False, review_ids)
