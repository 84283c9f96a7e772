"""What tags say of pre-training."""

import pytest

from core.tables.timm.tags import architecture_and_tag, pretraining


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        ("a1_in1k", "none named"),
        ("", "none named"),
        ("fb_in22k_ft_in1k_384", "ImageNet-22K"),
        ("augreg_in21k_ft_in1k", "ImageNet-21K"),
        ("sw_in12k_ft_in1k", "ImageNet-12K"),
        ("clip_laion2b_soup_ft_in12k_in1k_384", "LAION-2B, ImageNet-12K"),
        ("openai_ft_in1k", "WIT-400M (OpenAI)"),
        ("mim_m38m_ft_in22k_in1k", "Merged-38M, ImageNet-22K"),
        ("ns_jft_in1k_475", "JFT-300M"),
        ("fb_swsl_ig1b_ft_in1k", "IG-1B"),
        ("fb_ssl_yfcc100m_ft_in1k", "YFCC-100M"),
        ("swag_ft_in1k", "SWAG (IG-3.6B)"),
        ("webli_ft_in1k", "WebLI"),
        ("clip_ft_in1k", "CLIP"),
    ],
)
def test_extra_data(tag, data):
    assert pretraining(tag) == data


def test_a_name_without_a_tag():
    assert architecture_and_tag("resnet50") == ("resnet50", "")
