"""Settings come from the environment and never show the token."""

from core.settings import HUB_ENDPOINT, load_settings


def test_defaults_need_no_environment():
    settings = load_settings({})
    assert settings.hub_endpoint == HUB_ENDPOINT
    assert settings.cache_root.name == "cache"
    assert settings.hub_token is None and settings.scheduler is None


def test_the_environment_decides():
    settings = load_settings(
        {
            "HF_ENDPOINT": "http://127.0.0.1:1/",
            "PEDIGREE_SOURCES": "http://127.0.0.1:2/",
            "PEDIGREE_CACHE": "relative",
        }
    )
    assert settings.hub_endpoint == "http://127.0.0.1:1"
    assert settings.sources_url == "http://127.0.0.1:2"
    assert settings.cache_root.is_absolute()


def test_the_token_is_in_no_text():
    assert "hf_secret" not in repr(load_settings({"HF_TOKEN": "hf_secret"}))
