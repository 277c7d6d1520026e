"""What a stack is made of on the operator's machine: images to build, the frontend, the certificate."""

from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from homeport.commands import docker
from homeport.commands.bake import BuildTarget
from homeport.engine import builds, imageset, registry
from homeport.engine.host import Host
from homeport.engine.images import Image, image_ids, images
from homeport.engine.inputs import Builds, digest, folder_digest, takes_in
from homeport.engine.progress import Progress, Step
from homeport.engine.runner import LocalRunner, Runner
from homeport.engine.ship import check_room, ship, size
from homeport.engine.ssh import SshMachine
from homeport.errors import BuildError
from homeport.images.dockerfile import directives, without_syntax
from homeport.images.standins import Answer, answer
from homeport.release import certificate, frontend
from homeport.release.history import Record
from homeport.release.migrations.fingerprints import files_digest
from homeport.secrets.store import Store
from homeport.stack.around import Registry
from homeport.stack.load import NAME, place
from homeport.stack.model import Target
from homeport.stack.parts import Build
from homeport.stack.problem import KeyPath
from homeport.stack.published import Published

FRONTEND = "frontend"
PUBLISHED = "published"  # a copy of what visitors get of it
STATE = ".homeport"  # beside homeport.yaml: what runs on this machine
_LOCAL = "docker-image://"  # before the name of an image that is on the engine
_NONE = Image("", ())
_TAG_CURE = "The engine's own words are above. If the image went away meanwhile, run the same again: it is built anew."


@dataclass
class Sources:
    """`folder` holds homeport.yaml; `images` is the choice of set: auto, local or upstream."""

    folder: Path
    cache: Path  # where built frontends are put before they are published
    images: str = "auto"
    store: Store | None = None  # for the password of the registry
    file: Path | None = None  # homeport.yaml, when it has another name
    _migrations: dict[str, str] = field(default_factory=dict)  # as they were before the build

    def bring(self, host: Host, target: Target, progress: Progress, before: Record | None) -> Target:
        """Build here, then see that the host has every image before anything on it is touched."""
        self._migrations = self._migration_files(target)
        target = self.build(self.builder(host), target, progress, host.runner, before)
        if not isinstance(host.machine, SshMachine):
            return target
        if target.stack.registry:
            target = self._through_registry(target, host.machine, target.stack.registry, progress)
        references = {target.image(name) for name in (*_parts(target), *target.services)}
        with progress.step("ship", f"{len(references)} images to {host.machine.name}") as step:
            shipped = ship({ref for ref in references if "@" not in ref}, host.machine.runner, step.note)
            words = f"{shipped.sent} layers, {size(shipped.bytes)}; {shipped.kept} were there"
            step.done(words if shipped.images else "all images were there")
        return target

    def place(self, path: KeyPath) -> str:
        return place(self.file or self.folder / NAME, path)

    def _through_registry(
        self, target: Target, machine: SshMachine, where: Registry, progress: Progress
    ) -> Target:
        """What was built is pushed from here and pulled there by its digest, which is its name from then on."""
        login = registry.Login.of(where, self.store)
        built = {name: target.image(name) for name, service in target.services.items() if service.build}
        new = {name: reference for name, reference in built.items() if "@" not in reference}
        if not new:
            return target
        check_room(new.values(), machine.runner)
        names = {
            n: f"{where.server}/{target.stack.name}-{n}:{ref.rpartition(':')[2]}" for n, ref in new.items()
        }
        for name, pushed in names.items():
            _tag(LocalRunner(), name, new[name], pushed)
        with progress.step("push", f"{len(names)} images to {where.server}") as step:
            digests = registry.push(LocalRunner(), login, list(names.values()), step.note)
            step.done(f"{', '.join(names)} to {where.server}")
        with progress.step("pull", f"{len(names)} images to {machine.name}") as step:
            registry.pull(machine.runner, machine.name, login, sorted(set(digests.values())), step.note)
            step.done(f"{', '.join(names)}, by digest")
        return replace(target, images={**target.images, **{n: digests[ref] for n, ref in names.items()}})

    def build(
        self, runner: Runner, target: Target, progress: Progress, host: Runner, before: Record | None
    ) -> Target:
        """Bring every image to `runner`'s engine; the target with the references that this release runs.

        A service whose image came out the same as the one on the host keeps the reference and version that it
        runs under, so that nothing is started anew for a name.
        """
        chosen = imageset.choose(runner, self.images, self.cache, _parts(target))
        plans = self._targets(target)
        with progress.step("images", f"the {chosen} set") as step:
            answers = {t.name: answer(_dockerfile(t), t.args) for t in plans} if chosen == "local" else {}
            needed = {name for found in answers.values() for name in found.targets}
            parts = imageset.ensure(runner, chosen, _parts(target), needed, step)
            step.done(f"{len(parts)} parts from the {chosen} set")
        for name, found in answers.items():
            for words in (*found.notes, *(f"{asked}: {why}" for asked, why in found.missing.items())):
                progress.line(f"    {name}: {words}")
        plans = [_answered(plan, answers[plan.name]) if plan.name in answers else plan for plan in plans]
        if plans:
            with progress.step("build", ", ".join(t.name for t in plans)) as step:
                inputs = self._inputs(runner, plans, {n for n, found in answers.items() if not found.missing})
                step.done(self._build(runner, plans, inputs, step))
        return self._named(runner, replace(target, images={**target.images, **parts}), host, before)

    def _inputs(self, runner: Runner, plans: list[BuildTarget], answered: set[str]) -> dict[str, str]:
        """Digests of what goes into the builds whose base images are all on this engine: others a registry may have
        anew, and BuildKit asks it."""
        local = {ref for plan in plans for ref in plan.contexts.values()}
        bases = image_ids(runner, [ref.removeprefix(_LOCAL) for ref in local])
        return {plan.name: digest(plan, bases) if plan.name in answered else "" for plan in plans}

    def _build(self, runner: Runner, plans: list[BuildTarget], inputs: dict[str, str], step: Step) -> str:
        """Build what is not as it was; what was done, in words."""
        memory = Builds(self.cache / "builds.json")
        known, made = memory.known(), self._made(runner, plans)
        same = {name for name, one in inputs.items() if one and known.get(name) == (one, made.get(name))}
        wanted = [plan for plan in plans if plan.name not in same]
        if not wanted:
            return f"nothing new in {', '.join(plan.name for plan in plans)}"
        for plan in wanted:
            if (
                plan.output
            ):  # BuildKit adds to a folder: what an earlier build made would be published for ever
                shutil.rmtree(plan.output, ignore_errors=True)
        builds.build(runner, wanted, step)
        made = self._made(runner, plans)
        memory.remember({name: (one, made.get(name, "")) for name, one in inputs.items()})
        words = f"{len(wanted)} built: {', '.join(plan.name for plan in wanted)}"
        return f"{words}; nothing new in {len(same)}" if same else words

    def _made(self, runner: Runner, plans: list[BuildTarget]) -> dict[str, str]:
        """What the last builds have left: ids of images, and the digest of a folder."""
        ids = image_ids(runner, [plan.tag for plan in plans if plan.tag])
        found = {plan.name: ids[plan.tag] for plan in plans if plan.tag in ids}
        return found | {plan.name: folder_digest(Path(plan.output)) for plan in plans if plan.output}

    def _named(self, runner: Runner, target: Target, host: Runner, before: Record | None) -> Target:
        """The names that images run under. A name never moves to other contents: a rollback stands on it."""
        self._pull_missing(runner, target)
        chosen, versions = dict(target.images), dict.fromkeys(target.services, target.version)
        chosen |= {name: service.image for name, service in target.services.items() if service.image}
        built = {name: _building(target, name) for name, service in target.services.items() if service.build}
        last = {
            name: image["ref"] for name, image in (before.images if before else {}).items() if name in built
        }
        named = {name: f"{target.stack.name}/{name}:{_as_tag(target.version)}" for name in built}
        here = images(runner, (*built.values(), *last.values(), *named.values()))
        there = here if host is runner else images(host, last.values())
        for name, building in built.items():
            fresh, ref = here[building], last.get(name, "")
            if before and ref in there and there[ref].same(fresh):
                chosen[name], versions[name] = ref, before.versions[name]
            else:
                chosen[name] = _free_name(named[name], fresh, here)
        missing = [
            (name, building, chosen[name])
            for name, building in built.items()
            if "@" not in chosen[name] and not here.get(chosen[name], _NONE).same(here[building])
        ]
        with ThreadPoolExecutor(max_workers=max(1, len(missing))) as pool:
            list(pool.map(lambda one: _tag(runner, *one), missing))
        return replace(target, images=chosen, versions=versions)

    def _pull_missing(self, runner: Runner, target: Target) -> None:
        """Images of others: pulled once, by exact version; one that could not be pulled is named with its path."""
        wanted = {name: service.image for name, service in target.services.items() if service.image}
        here = image_ids(runner, list(wanted.values()))
        tried = {name: runner.run(docker.pull(ref)) for name, ref in wanted.items() if ref not in here}
        failed = {name: result for name, result in tried.items() if not result.ok}
        if failed:
            raise BuildError(
                "; ".join(f"services.{name}.image: {wanted[name]} could not be pulled" for name in failed),
                "Is the name right, and does the registry answer? Without one: docker load -i IMAGE.tar",
                "\n".join(result.tail(2) for result in failed.values()),
            )

    def _targets(self, target: Target) -> list[BuildTarget]:
        found = [
            self._target(name, service.build, _building(target, name))
            for name, service in target.services.items()
            if service.build
        ]
        part = target.stack.edge.frontend
        if part and part.build:
            found.append(replace(self._target(FRONTEND, part.build, ""), output=str(self.cache / FRONTEND)))
        self._refuse_secrets(found)
        return found

    def _refuse_secrets(self, plans: list[BuildTarget]) -> None:
        """Secrets lie open in .homeport, and a COPY of everything would take them into an image."""
        ours = str(self.folder.resolve())
        open_ = [plan for plan in plans if plan.context == ours and takes_in(plan, STATE)]
        if open_:
            raise BuildError(
                f"{', '.join(plan.name for plan in open_)}: the build takes in {STATE}, where secrets lie open",
                f"echo {STATE} >> {self.folder / '.dockerignore'}",
            )

    def _target(self, name: str, build: Build, tag: str) -> BuildTarget:
        context = (self.folder / build.context).resolve()
        if not (context / build.dockerfile).is_file():
            raise BuildError(
                f"{name}: {context / build.dockerfile} is not there", "Mend `build:` in homeport.yaml."
            )
        return BuildTarget(name, str(context), build.dockerfile, build.target, dict(build.args), tag)

    def builder(self, host: Host) -> Runner:
        return LocalRunner() if isinstance(host.machine, SshMachine) else host.runner

    def environments(self) -> list[Host]:
        folder = self.folder / STATE
        return [Host(str(path)) for path in sorted(folder.glob("*")) if (path / "state").is_dir()]

    def migration_files(self, target: Target) -> dict[str, str]:
        """Digests that are the same before and after the build. A file that was edited while it ran may be old in the
        image and new on disk: its service is left out."""
        now = self._migration_files(target)
        return {name: digest for name, digest in now.items() if self._migrations.get(name) == digest}

    def _migration_files(self, target: Target) -> dict[str, str]:
        places = {name: service.migrations for name, service in target.services.items() if service.migrations}
        return {name: files_digest(self.folder, paths) for name, paths in places.items()}

    # -- the frontend and the certificate ----------------------------------------------------------

    def _published(self, target: Target) -> Published | None:
        """What visitors get of the frontend; a BuildError says what they must not get."""
        part = target.stack.edge.frontend
        if part is None:
            return None
        return frontend.look(
            part, self.cache / FRONTEND if part.build else self.folder / str(part.files), self.folder
        )

    def frontend_differs(self, target: Target, host: Host) -> bool:
        published = self._published(target)
        return published is not None and host.frontend_differs(published.files)

    def publish(self, target: Target, host: Host, release: str) -> bool:
        """Serve the built frontend; whether it changed."""
        published, part = self._published(target), target.stack.edge.frontend
        if published is None or part is None or not host.frontend_differs(published.files):
            return False
        frontend.copy(published, self.cache / PUBLISHED)
        return host.publish_frontend(self.cache / PUBLISHED, release, part.assets)

    def certificates(self, target: Target, host: Host) -> None:
        certificate.ensure(target, host)


def _parts(target: Target) -> list[str]:
    stack = target.stack
    return ["nginx"] + [
        name for name, part in (("postgres", stack.postgres), ("rabbitmq", stack.rabbitmq)) if part
    ]


def _building(target: Target, name: str) -> str:
    """The name a build has until it is known what came out."""
    return f"{target.stack.name}/{name}:building"


def _as_tag(version: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", version)


def _free_name(reference: str, image: Image, here: dict[str, Image]) -> str:
    """The name for a built image: of its version, with the image's id where that version has other contents already."""
    taken = here.get(reference, image).id != image.id
    return f"{reference}-{image.id.removeprefix('sha256:')[:8]}" if taken else reference


def _tag(runner: Runner, name: str, source: str, reference: str) -> None:
    result = runner.run(docker.tag(source, reference))
    if not result.ok:
        raise BuildError(f"{name}: its image could not be named {reference}", _TAG_CURE, result.tail(3))


def _dockerfile(target: BuildTarget) -> str:
    return (Path(target.context) / target.dockerfile).read_text()


def _answered(target: BuildTarget, found: Answer) -> BuildTarget:
    """The build with its FROM lines answered from the local set; a `# syntax=` line would ask a registry."""
    text = _dockerfile(target)
    contexts = {asked: f"{_LOCAL}{local}" for asked, local in found.contexts.items()}
    own = without_syntax(text) if contexts and "syntax" in directives(text) else ""
    return replace(target, contexts=contexts, text=own)
