"""Names, titles and sentences that read as if people had written them."""

import random

FIRST_NAMES = [
    "Amara",
    "Ben",
    "Carys",
    "Deepak",
    "Eilidh",
    "Farah",
    "Gareth",
    "Hannah",
    "Idris",
    "Jess",
    "Kwame",
    "Leila",
    "Morag",
    "Nikhil",
    "Orla",
    "Priya",
    "Rhys",
    "Siobhan",
    "Tomasz",
    "Uma",
    "Valentina",
    "Wei",
    "Yusuf",
    "Zofia",
    "Aled",
    "Beatriz",
    "Callum",
    "Dilys",
    "Emeka",
    "Fiona",
]
LAST_NAMES = [
    "Achebe",
    "Bevan",
    "Chowdhury",
    "Davies",
    "Evans",
    "Fraser",
    "Griffiths",
    "Hussain",
    "Iqbal",
    "Jones",
    "Kaur",
    "Lewis",
    "MacLeod",
    "Nowak",
    "O'Neill",
    "Patel",
    "Quinn",
    "Rees",
    "Singh",
    "Taylor",
    "Underhill",
    "Vaughan",
    "Walsh",
    "Young",
    "Zielinski",
    "Boateng",
    "Campbell",
    "Doyle",
    "Edwards",
    "Fernandes",
]

_LIBRARIES = (
    ("rails", 8, 0), ("govuk_publishing_components", 56, 2), ("gds-api-adapters", 99, 1), ("sentry-ruby", 5, 22),
    ("rspec-rails", 7, 1), ("nokogiri", 1, 18), ("puma", 6, 5), ("bootsnap", 1, 18), ("rubocop-govuk", 5, 1),
    ("sidekiq", 7, 3), ("govuk_app_config", 9, 15), ("plek", 5, 2), ("capybara", 3, 40), ("stylelint", 16, 12),
)  # fmt: skip
_WORK = (
    "Show the withdrawn notice above the title",
    "Do not send an email for a minor change",
    "Add an index on content_id and locale",
    "Remove the unused feature flag for the new navigation",
    "Return 410 for pages that were unpublished without a redirect",
    "Fix the date in the Welsh translation of the header",
    "Let editors schedule a change note",
    "Retry a failed upload of an attachment once",
    "Use the shared button component in the search form",
    "Cache the organisations list for five minutes",
    "Log the request id of calls to Publishing API",
    "Sort related links by title",
    "Handle an empty response from Search API",
    "Move the cookie banner into the layout",
    "Stop the worker when the queue's connection is lost",
    "Raise the timeout of the bulk export to two minutes",
    "Say which field failed in the validation summary",
    "Add a health check for the message queue",
    "Drop the column that nothing reads any more",
    "Make the finder's facets work without JavaScript",
    "Tidy up the step by step navigation's tests",
    "Read the asset host from the environment",
    "Render tables with a caption for screen readers",
    "Allow attachments of up to 500 MB",
)
_NOUNS = [
    "account",
    "licence",
    "benefit",
    "passport",
    "visa",
    "tax",
    "pension",
    "grant",
    "claim",
    "school",
    "travel",
    "appeal",
    "court",
    "parking",
    "vehicle",
    "bank",
    "holiday",
    "consent",
    "document",
    "petition",
    "survey",
    "search",
    "feedback",
    "email",
    "notice",
    "subscription",
    "taxonomy",
    "translation",
    "redirect",
    "asset",
    "media",
    "content",
    "workflow",
    "organisation",
    "contact",
    "location",
    "postcode",
    "service",
    "form",
    "payment",
    "identity",
    "address",
    "calendar",
]
_KINDS = ("api", "frontend", "publisher", "finder", "admin", "worker", "manager", "checker", "proxy", "store")
KINDS = {"api": "APIs", "frontend": "Frontend apps", "publisher": "Publishing apps", "finder": "Frontend apps"}

STOPPED_BECAUSE = (
    "3 of 12 scenarios failed: publishing a guide ended with a 500.",
    "The error rate rose to 4.2%, above its limit of 1%.",
    "Expected status 200 from the health check, got 503.",
    "The new pods did not become ready: CrashLoopBackOff.",
)
RESOLUTIONS = (
    "The migration had not run; it has now, and the health check passes.",
    "A flaky scenario; it passes in three runs out of three.",
    "Reverted in the next version.",
    "The node was being replaced. Nothing to do with the release.",
)
ABORTED_BECAUSE = (
    "Not before the content freeze of the press office.",
    "Wrong version: the fix is in the next one.",
    "Waiting for the design review.",
)


def more_applications(number: int, taken: set[str]) -> list[str]:
    """Slugs of applications that do not exist, the same ones every time."""
    found: list[str] = []
    for round_ in range(number):
        for noun in _NOUNS:
            for kind in _KINDS:
                slug = f"{noun}-{kind}" if round_ == 0 else f"{noun}-{_NOUNS[round_ - 1]}-{kind}"
                if slug not in taken:
                    taken.add(slug)
                    found.append(slug)
                if len(found) >= number:
                    return found
    return found


def change_title(rng: random.Random) -> str:
    """Half of them are a robot's, as in life."""
    if rng.random() < 0.45:
        name, major, minor = rng.choice(_LIBRARIES)
        old = rng.randrange(0, 9)
        return f"Bump {name} from {major}.{minor}.{old} to {major}.{minor}.{old + 1}"
    return rng.choice(_WORK)


def is_robots(title: str) -> bool:
    return title.startswith("Bump ")


def deploy_log(application: str, version: str, environment: str) -> tuple[str, str]:
    """What a deploy prints, its beginning and its end, with the colours of a terminal."""
    begin = (
        f"\x1b[1mDeploying {application} {version} to {environment}\x1b[0m\n"
        f"\x1b[36m==>\x1b[0m Pulling 172025368201.dkr.ecr.eu-west-1.amazonaws.com/{application}:{version}\n"
        f"\x1b[36m==>\x1b[0m deployment.apps/{application} configured\n"
    )
    end = (
        "    2 of 4 pods are ready\n    4 of 4 pods are ready\n"
        f"\x1b[33mwarning:\x1b[0m pod disruption budget allows 1 at a time\n"
        f"\x1b[32mdone\x1b[0m {application} answers with {version}\n"
    )
    return begin, end


def failed_log(application: str) -> str:
    return (
        "    0 of 4 pods are ready\n"
        f"\x1b[31;1merror:\x1b[0m pod/{application}-7c9f is in \x1b[31mCrashLoopBackOff\x1b[0m\n"
        "ActiveRecord::PendingMigrationError: Migrations are pending.\n"
        f"\x1b[31mrollout of deployment/{application} failed\x1b[0m\n"
    )
