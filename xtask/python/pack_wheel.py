"""Packs the Python package and an extension that cargo has built into a wheel: `pack_wheel.py EXTENSION OUT`.

For tests: maturin would build the extension once more, with its own choice of features. What is released is built by maturin.
"""

import base64
import hashlib
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "crates/python"
ABI = "cp311-abi3"


def main(extension, out):
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    name = project["name"]
    tag = f"{ABI}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    info = f"{name}-{version}.dist-info"
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.whl"):
        old.unlink()
    path = out / f"{name}-{version}-{tag}.whl"
    files = {f"{name}/_native.abi3.so": extension.read_bytes()}
    sources = (PACKAGE / "python").rglob("*")
    files |= {s.relative_to(PACKAGE / "python").as_posix(): s.read_bytes() for s in sources if wanted(s)}
    files[f"{info}/METADATA"] = metadata(project, version).encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: xtask\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files[f"{info}/RECORD"] = record(files, f"{info}/RECORD").encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as wheel:
        for file, content in files.items():
            wheel.writestr(file, content)
    print(path)


def wanted(path):
    return path.is_file() and "__pycache__" not in path.parts and path.suffix in (".py", ".pyi", ".typed")


def metadata(project, version):
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {version}",
        f"Summary: {project['description']}",
    ]
    lines.append(f"Requires-Python: {project['requires-python']}")
    for extra, packages in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {package}; extra == "{extra}"' for package in packages]
    return "\n".join(lines) + "\n"


def record(files, own):
    def line(name, content):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        return f"{name},sha256={digest},{len(content)}"

    return "\n".join([line(name, content) for name, content in files.items()] + [f"{own},,"]) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
