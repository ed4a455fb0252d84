using System.Runtime.InteropServices;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Tests.Generation;

public class EngineOptionsTests
{
    private const long GiB = 1L << 30;

    [Theory]
    [InlineData(80 * GiB, 40 * GiB)]
    [InlineData(GiB / 2, GiB)]
    [InlineData(null, 8 * GiB)]
    public void On_a_GPU_an_engine_takes_half_of_what_is_free(long? free, long cache) => Assert.Equal(cache, EngineOptions.ShareOfGpu(free));

    [Fact]
    public void A_machine_without_the_CUDA_driver_is_no_error() => Assert.True(CudaDriver.FreeBytes() is null || NativeLibrary.TryLoad("libcuda.so.1", out _));
}
