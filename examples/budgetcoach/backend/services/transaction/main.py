"""The transaction service: the ledger, its categories, and the import of bank exports."""

from coachlib.app import create_app
from coachlib.identity import need_identity_key
from services.transaction.categories import on_registered
from services.transaction.category_routes import router as category_router
from services.transaction.import_routes import router as import_router
from services.transaction.importer import run_imports
from services.transaction.routes import router as transaction_router
from services.transaction.summary import router as summary_router

app = create_app(
    category_router,
    summary_router,
    transaction_router,
    import_router,
    publishes=True,
    consumes={"user.registered": on_registered},
    workers={"imports": run_imports},
    resources=(need_identity_key,),
)
